import { spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { disposeAll, temporaryFolder, until } from "./testing/platform.ts";

const SCRIPT = resolve(import.meta.dirname, "../scripts/with-setup.mjs");
let root: string;

/** Stands in for npm: installs what the lock file says, slowly, and counts how often it is asked. */
const NPM = `
const { appendFileSync, copyFileSync, mkdirSync, existsSync, rmSync, symlinkSync, writeFileSync } = require("node:fs");
appendFileSync("asked", process.argv[2] + "\\n");
if (existsSync("refuse") && process.argv[2] === "ci") { console.error("npm error code EUSAGE"); process.exit(1); }
if (existsSync("broken")) { console.error("npm error the network is away"); process.exit(1); }
setTimeout(() => {
  rmSync("node_modules", { recursive: true, force: true });
  mkdirSync("node_modules/node/bin", { recursive: true });
  symlinkSync(${JSON.stringify(process.execPath)}, "node_modules/node/bin/node");
  copyFileSync("package-lock.json", "node_modules/.package-lock.json");
}, 400);
`;

beforeEach(() => {
  root = temporaryFolder();
  mkdirSync(join(root, "scripts"));
  copyFileSync(SCRIPT, join(root, "scripts/with-setup.mjs"));
  writeFileSync(join(root, "package.json"), "{}");
  writeLock("1.0.0");
  writeFileSync(join(root, "npm-cli.js"), NPM);
  writeFileSync(join(root, "program.mjs"), "console.log(process.argv.slice(2).join()); process.exitCode = 7;");
});
afterEach(disposeAll);

function writeLock(version: string): void {
  const packages = { "": {}, "node_modules/a": { version }, "node_modules/other-machine": { version, optional: true } };
  writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages }));
}

interface Run {
  process: ChildProcess;
  output(): string;
  ended: Promise<number | null>;
}

function run(...args: string[]): Run {
  const child = spawn(process.execPath, [join(root, "scripts/with-setup.mjs"), ...args], {
    cwd: root,
    env: { PATH: process.env["PATH"], npm_execpath: join(root, "npm-cli.js") },
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return {
    process: child,
    output: () => output,
    ended: new Promise((done) => child.once("close", done)),
  };
}

const asked = (): string[] =>
  existsSync(join(root, "asked")) ? readFileSync(join(root, "asked"), "utf8").trim().split("\n") : [];

test("installs once, runs the program with its arguments and ends as it ends", async () => {
  const first = run("program.mjs", "a", "b");
  expect(await first.ended).toBe(7);
  expect(first.output()).toMatch(/^setup: installing .*\nsetup: installed in \d+ s\na,b\n$/);
  const second = run("program.mjs");
  expect(await second.ended).toBe(7);
  expect(second.output()).toBe("\n");
  expect(asked()).toEqual(["ci"]);
});

test("two first starts at once install once, and both run", async () => {
  const runs = [run("program.mjs", "x"), run("program.mjs", "y")];
  expect(await Promise.all(runs.map((each) => each.ended))).toEqual([7, 7]);
  expect(asked()).toEqual(["ci"]);
  expect(existsSync(join(root, ".isola/setup.lock"))).toBe(false);
});

test("takes over from an installation that was killed", async () => {
  mkdirSync(join(root, ".isola"));
  const gone = spawn("true");
  await new Promise((done) => gone.once("exit", done));
  writeFileSync(join(root, ".isola/setup.lock"), `${gone.pid} 1`);
  expect(await run("program.mjs").ended).toBe(7);
  expect(asked()).toEqual(["ci"]);
});

test("installs anew when the lock file asks for another version, and not when only its form changed", async () => {
  await run("program.mjs").ended;
  writeFileSync(join(root, "package-lock.json"), ` ${readFileSync(join(root, "package-lock.json"), "utf8")}`);
  await run("program.mjs").ended;
  expect(asked()).toEqual(["ci"]);
  writeLock("2.0.0");
  await run("program.mjs").ended;
  expect(asked()).toEqual(["ci", "ci"]);
});

test("falls back to `npm install` where `npm ci` refuses the lock file", async () => {
  writeFileSync(join(root, "refuse"), "");
  expect(await run("program.mjs").ended).toBe(7);
  expect(asked()).toEqual(["ci", "install"]);
});

test("says what npm said when it fails, and tries again at the next start", async () => {
  writeFileSync(join(root, "broken"), "");
  const failing = run("program.mjs");
  expect(await failing.ended).toBe(1);
  expect(failing.output()).toContain("npm error the network is away\nisola: npm cannot install the packages — ");
  rmSync(join(root, "broken"));
  expect(await run("program.mjs").ended).toBe(7);
});

test("passes a signal on to the program", async () => {
  writeFileSync(
    join(root, "program.mjs"),
    `process.on("SIGTERM", () => process.exit(9)); setInterval(() => {}, 1000); console.log("here");`,
  );
  const running = run("program.mjs");
  await until(() => running.output().includes("here"));
  running.process.kill("SIGTERM");
  expect(await running.ended).toBe(9);
});

test("a program notices when the script above it is killed", async () => {
  writeFileSync(
    join(root, "program.mjs"),
    `import { writeFileSync } from "node:fs";
     process.on("disconnect", () => { writeFileSync("noticed", ""); process.exit(); });
     setInterval(() => {}, 1000); console.log("here");`,
  );
  const running = run("program.mjs");
  await until(() => running.output().includes("here"));
  running.process.kill("SIGKILL");
  await until(() => existsSync(join(root, "noticed")));
});
