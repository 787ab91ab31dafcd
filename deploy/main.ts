import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

import { placeholders, readDeployment, WORKERS, workerConfigs, writeConfigs, type WorkerName } from "./configs.ts";

/** Largest Worker that Cloudflare's paid plan takes, gzipped, in bytes. */
const BUNDLE_GZIP_BYTES_MAX = 10 * 1024 * 1024;

const ROOT = resolve(import.meta.dirname, "..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");

const HELP = `Deploys Isola to Cloudflare.

  npm run deploy                     everything in wrangler.toml
  npm run deploy -- --dry-run        bundle each Worker as a deploy would, and print its size
  npm run deploy -- --config FILE    another deployment file
  npm run deploy -- --first          the first time: the Workers are bound in a circle, so this deploys
                                     two of them once without their binding to the router
`;

function main(): number {
  const { values } = parseArgs({
    options: {
      config: { type: "string" },
      "dry-run": { type: "boolean", default: false },
      first: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(HELP);
  const path = resolve(values.config ?? (values["dry-run"] ? join(ROOT, "wrangler.toml.example") : "wrangler.toml"));
  if (!existsSync(path))
    return refuse(`there is no ${path}. Copy wrangler.toml.example to wrangler.toml and fill it in.`);
  const toml = readDeployment(path);
  const open = placeholders(toml);
  if (!values["dry-run"] && open.length > 0) return refuse(`${path} still has to be filled in: ${open.join(", ")}`);
  return values["dry-run"] ? dryRun(toml) : deploy(toml, values.first);
}

function dryRun(toml: string): number {
  const configs = workerConfigs(toml, ROOT);
  for (const config of Object.values(configs)) delete config["routes"];
  const files = writeConfigs(configs, join(ROOT, "dist/deploy"));
  for (const name of WORKERS) {
    const out = join(ROOT, "dist/deploy", name);
    const ran = wrangler(["deploy", "--dry-run", "--outdir", out, "-c", files[name]], "pipe");
    if (ran.status !== 0) return refuse(`${name} does not bundle:\n${ran.stdout}${ran.stderr}`);
    const size = bundleSize(out);
    say(`${name.padEnd(16)} ${kibibytes(size.raw)} KiB, gzip ${kibibytes(size.gzip)} KiB\n`);
    if (size.gzip > BUNDLE_GZIP_BYTES_MAX) return refuse(`${name} is larger than Cloudflare takes.`);
  }
  return 0;
}

function deploy(toml: string, first: boolean): number {
  const configs = workerConfigs(toml, ROOT);
  const order: WorkerName[] = [...WORKERS];
  const files = writeConfigs(configs, join(ROOT, "dist/deploy"));
  if (first) {
    const alone = structuredClone(configs);
    for (const name of ["durable-objects", "control-plane"] as const) {
      const bindings = alone[name]["services"];
      if (!Array.isArray(bindings)) continue;
      alone[name]["services"] = bindings.filter((binding) => !JSON.stringify(binding).includes('"DISPATCH"'));
    }
    const paths = writeConfigs(alone, join(ROOT, "dist/deploy/first"));
    for (const name of ["durable-objects", "control-plane"] as const) if (!deployed(paths[name])) return 1;
    order.splice(0, order.length, "router", "durable-objects", "control-plane");
  }
  for (const name of order) if (!deployed(files[name])) return 1;
  return say("Deployed. Open the control plane's URL to go on.\n");
}

const deployed = (file: string): boolean => wrangler(["deploy", "-c", file], "inherit").status === 0;

function wrangler(args: string[], output: "pipe" | "inherit") {
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false" };
  return spawnSync(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    env,
    encoding: "utf8",
    stdio: ["inherit", output, output],
  });
}

function bundleSize(directory: string): { raw: number; gzip: number } {
  let raw = 0;
  let gzip = 0;
  for (const file of readdirSync(directory)) {
    if (file.endsWith(".map") || file === "README.md") continue;
    const bytes = readFileSync(join(directory, file));
    raw += bytes.length;
    gzip += gzipSync(bytes).length;
  }
  return { raw, gzip };
}

const kibibytes = (bytes: number): string => String(Math.round(bytes / 1024)).padStart(5);

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}

function refuse(reason: string): number {
  process.stderr.write(`deploy: ${reason}\n`);
  return 1;
}

process.exitCode = main();
