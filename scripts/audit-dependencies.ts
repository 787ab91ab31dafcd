import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { auditDependencies, readAdvisories } from "./dependency-rules.ts";

const HELP = `Audits what Isola depends on.

  npm run audit                   package.json and package-lock.json by rule, then advisories where the registry tells any
  npm run audit -- --offline      by rule only
  npm run audit -- --root FOLDER  those of another folder
`;
/** Longest wait for the registry's advisories, in milliseconds. */
const ADVISORIES_MS = 60_000;

function main(): number {
  const { values } = parseArgs({
    options: {
      root: { type: "string", default: resolve(import.meta.dirname, "..") },
      offline: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(HELP);
  const text = (name: string): string => readFileSync(join(values.root, name), "utf8");
  const { faults, packages, production } = auditDependencies(text("package.json"), text("package-lock.json"));
  if (faults.length > 0) return refuse(faults);
  say(
    `${packages} packages, ${production} of them in production: from the registry, with hashes, licences on the list\n`,
  );
  return values.offline ? 0 : lookForAdvisories(values.root);
}

function lookForAdvisories(root: string): number {
  const options = ["audit", "--omit=dev", "--audit-level=high", "--json"];
  const { stdout } = spawnSync("npm", options, { cwd: root, encoding: "utf8", timeout: ADVISORIES_MS });
  const { grave, why } = readAdvisories(stdout ?? "");
  if (grave === null) return say(`advisories were NOT checked: ${why}\n`);
  if (grave.length > 0) return refuse(grave.map((name) => `there is an advisory for ${name}: npm audit tells more`));
  return say("no advisory of the grades high and critical\n");
}

function say(text: string): 0 {
  process.stdout.write(text);
  return 0;
}

function refuse(faults: readonly string[]): 1 {
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  return 1;
}

process.exitCode = main();
