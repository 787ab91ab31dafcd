import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { build, type BuildOptions } from "esbuild";

import { bundleOptions } from "../../local/bundle.ts";
import { edgeConfig } from "../../local/edge-config.ts";
import { workerdPath } from "../../local/workerd.ts";
import { freePort } from "./platform.ts";
import { request } from "./request.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const START_MS = 20_000;
const START_PAUSE_MS = 20;

/** One edge process without a core, as the launcher configures it. */
export interface BareEdge {
  port: number;
  stop(): Promise<void>;
}

export interface BareEdgeOptions {
  /** What it runs: the router, or a module of a test's own given as source. */
  source?: string;
  /** What KV answers. */
  published?: Readonly<Record<string, string>>;
  /** Changes the configuration before it is used. */
  configure?: (config: string) => string;
}

/** Starts an edge on a port of its own; what it asks KV for it gets, and everybody else it asks is not there. */
export async function startBareEdge(options: BareEdgeOptions = {}): Promise<BareEdge> {
  const directory = await mkdtemp(join(tmpdir(), "isola-edge-"));
  const projections = join(directory, "projections");
  const kv = createServer((asked, answer) => {
    const value = options.published?.[decodeURIComponent(new URL(`http://kv${asked.url}`).pathname.slice(1))];
    answer.writeHead(value === undefined ? 404 : 200).end(value);
  });
  await new Promise<void>((done) => kv.listen(projections, done));
  const nobody = join(directory, "nobody");
  await writeFile(join(directory, "router.js"), await codeOf(options.source));
  const config = edgeConfig({
    routerModule: "router.js",
    core: { state: nobody, directory: nobody, controlPlane: nobody, projections },
    controlSocket: join(directory, "control"),
    publicSockets: 1,
    dispatched: false,
    variables: {
      DOMAIN: "localhost",
      APP_HOST: "app.localhost",
      PUBLIC_URL: "http://app.localhost",
      TENANT_URL: "http://{slug}.localhost",
      VERSION: "test",
      MACHINE_KEY: "a-machine-key-of-at-least-thirty-two-characters",
      LOG_DELIVERY: "polled",
      WALL_CLOCK: "timed",
    },
  });
  const path = join(directory, "edge.capnp");
  await writeFile(path, options.configure?.(config) ?? config);
  const port = await freePort();
  const address = `--socket-addr=http-0=127.0.0.1:${port}`;
  const child = spawn(workerdPath, ["serve", "--experimental", address, path], { stdio: "ignore" });
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    await new Promise((done) => kv.close(done));
    await rm(directory, { recursive: true, force: true });
  };
  for (const due = performance.now() + START_MS; ;) {
    try {
      await request({ port, path: "/", headers: { host: "nobody" } });
      return { port, stop };
    } catch (error) {
      if (child.exitCode !== null || performance.now() > due) {
        await stop();
        throw new Error("the edge does not answer", { cause: error });
      }
      await new Promise((done) => setTimeout(done, START_PAUSE_MS));
    }
  }
}

async function codeOf(source: string | undefined): Promise<string> {
  const options: BuildOptions = bundleOptions(join(ROOT, "workers/router/index.ts"));
  const { entryPoints: _, ...others } = options;
  const { outputFiles } =
    source === undefined
      ? await build({ ...options, write: false })
      : await build({ ...others, write: false, stdin: { contents: source, resolveDir: ROOT, loader: "ts" } });
  return outputFiles[0]?.text ?? "";
}
