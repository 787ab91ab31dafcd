#!/usr/bin/env node
// The `isola` command. The code is TypeScript that Node 24 runs as it is; an older Node hands over
// to the Node 24 that the project brings along.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 24;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const nodeBinary = here("../node_modules/node/bin/node");

if (!existsSync(here("../node_modules/zod/package.json"))) {
  refuse("Isola is not set up yet. Run `npm start` (which also starts it) or `npm install` in its folder first.");
} else if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN) {
  // Halves the time to the first word. Not in the system's temporary folder, where others could put something first.
  module.enableCompileCache(here("../node_modules/.cache/isola"));
  await import("./main.ts");
} else if (existsSync(nodeBinary)) {
  handOver();
} else {
  refuse(
    `This is Node ${process.versions.node} and the Node ${NODE_MAJOR_MIN} that Isola brings along is missing. ` +
      "Run `npm install` in its folder.",
  );
}

function refuse(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exitCode = 1;
}

function handOver() {
  const child = spawn(nodeBinary, [here("./bin.mjs"), ...process.argv.slice(2)], { stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const forward = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  child.on("error", (error) => refuse(`Node ${NODE_MAJOR_MIN} did not start: ${error.message}`));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
    for (const name of signals) process.off(name, forward);
    if (signal !== null) process.kill(process.pid, signal);
  });
}
