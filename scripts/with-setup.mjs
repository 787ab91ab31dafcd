#!/usr/bin/env node
// Runs a program of the project under the Node the project brings, after installing what is missing.
//
//   node scripts/with-setup.mjs local/main.ts [argument …]
//   node scripts/with-setup.mjs --bin vitest run
//
// It is all that runs on the system's own Node, so it is plain JavaScript without dependencies.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 20;
const LOCK_POLL_MS = 200;
/** Age at which a lock is nobody's any more, whatever its pid says. */
const LOCK_AGE_MAX_MS = 15 * 60 * 1000;
/** Pause between two looks at the processes above, in milliseconds. */
const PARENT_POLL_MS = 250;
/** Lines of npm's own words that are shown when it fails; it begins with the reason. */
const NPM_LINES_SHOWN = 30;
const NPM_CHARACTERS_MAX = 1_000_000;

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const lockfile = join(root, "package-lock.json");
const mark = join(modules, ".isola-setup");
const nodeBinary = join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node");

const packageBuilder = join(root, "scripts", "build-packages.mjs");
const builtPackages = join(root, "workers", "control-plane", "packages", "built.json");

class SetupError extends Error {}

async function main() {
  if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR_MIN) {
    throw new SetupError(`Node ${process.versions.node} is too old — install Node ${NODE_MAJOR_MIN} or newer`);
  }
  const [first, ...rest] = process.argv.slice(2);
  if (first === undefined) throw new SetupError("nothing to run — name a file, or --bin and a program");
  if (!isInstalled()) await install();
  // Made at the installation, but an installation may have been taken over from another clone.
  if (existsSync(packageBuilder) && !existsSync(builtPackages)) {
    const { status } = spawnSync(nodeBinary, [packageBuilder], { stdio: ["ignore", "ignore", "inherit"] });
    if (status !== 0) throw new SetupError("the packages for scripts cannot be bundled — see above");
  }
  const [program, args] = first === "--bin" ? [binOf(rest[0]), rest.slice(1)] : [resolve(root, first), rest];
  run([program, ...args], first !== "--bin");
}

/** Whether node_modules is what the lock file asks for. */
function isInstalled() {
  if (!existsSync(nodeBinary)) return false;
  const wanted = fingerprint();
  if (readOr(mark, "") === wanted) return true;
  if (!fitsLock()) return false;
  writeFileSync(mark, wanted);
  return true;
}

function fingerprint() {
  const content = readOr(lockfile, "") || readOr(join(root, "package.json"), "");
  const hash = createHash("sha256").update(content).digest("hex");
  return `${hash} ${process.platform} ${process.arch}\n`;
}

/** An installation by plain `npm install` counts too: npm writes down what it put where. */
function fitsLock() {
  const installed = parse(readOr(join(modules, ".package-lock.json"), ""));
  const wanted = parse(readOr(lockfile, ""));
  if (installed === null || wanted === null) return false;
  return Object.entries(wanted.packages ?? {}).every(([path, entry]) => {
    if (path === "" || entry.link) return true;
    const found = installed.packages?.[path];
    // What is optional may be meant for another kind of machine.
    return found === undefined ? Boolean(entry.optional ?? entry.devOptional) : found.version === entry.version;
  });
}

async function install() {
  const release = await takeLock();
  try {
    // Another start may have done it while this one waited.
    if (isInstalled()) return;
    const began = Date.now();
    say("installing the project's packages, a minute or so, once");
    await installPackages();
    if (!existsSync(nodeBinary)) {
      throw new SetupError(
        "npm did not run the packages' install scripts — run `npm rebuild node esbuild workerd`, then start again",
      );
    }
    writeFileSync(mark, fingerprint());
    say(`installed in ${Math.round((Date.now() - began) / 1000)} s`);
  } finally {
    release();
  }
}

async function installPackages() {
  const locked = existsSync(lockfile);
  const { code, words } = await npm(locked ? ["ci"] : ["install"]);
  if (code === 0) return;
  if (!locked || !words.includes("code EUSAGE")) return failed(words);
  // A registry that lacks an optional package for some other kind of machine makes `npm ci` refuse the whole lock
  // file. `npm install` takes the same versions from it and leaves out what is not there.
  const second = await npm(["install", "--no-save"]);
  if (second.code !== 0) failed(second.words);
}

function failed(words) {
  const lines = words.split("\n").filter(Boolean);
  console.error(lines.slice(0, NPM_LINES_SHOWN).join("\n"));
  throw new SetupError("npm cannot install the packages — see above; start again when that is mended");
}

/** Two first starts at once must not install into the same folder. */
async function takeLock() {
  const directory = join(root, ".isola");
  const path = join(directory, "setup.lock");
  const own = `${process.pid} ${Date.now()}`;
  let told = false;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (;;) {
    try {
      writeFileSync(path, own, { flag: "wx" });
      // One that found a dead owner's lock at the same time may just have removed this one.
      await pause(LOCK_POLL_MS);
      if (readOr(path, "") === own) break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      if (isStale(path)) rmSync(path, { force: true });
      else if (!told) say("waiting for another start that is installing the packages");
      told = true;
      await pause(LOCK_POLL_MS);
    }
  }
  return () => {
    if (readOr(path, "") === own) rmSync(path, { force: true });
  };
}

function isStale(path) {
  const pid = Number(readOr(path, "").split(" ")[0]);
  const modified = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (Date.now() - modified > LOCK_AGE_MAX_MS) return true;
  if (!(pid > 0)) return Date.now() - modified > LOCK_POLL_MS * 5;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** Runs npm without a word on the terminal; resolves to its exit code and what it said. */
function npm(command) {
  // Under `npm start` the very npm that runs is known; elsewhere the one on the PATH has to do.
  const { npm_execpath: cli } = process.env;
  const args = [...command, "--no-audit", "--no-fund", "--loglevel=error"];
  const known = cli !== undefined && /npm-cli\.c?js$/.test(cli);
  const windows = process.platform === "win32";
  return new Promise((done, fail) => {
    const child = known
      ? spawn(process.execPath, [cli, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
      : spawn(windows ? "npm.cmd" : "npm", args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], shell: windows });
    let words = "";
    const keep = (chunk) => {
      if (words.length < NPM_CHARACTERS_MAX) words += chunk;
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const stops = ["SIGINT", "SIGTERM", "SIGHUP"];
    const stop = (signal) => child.kill(signal);
    for (const signal of stops) process.on(signal, stop);
    child.once("error", () => fail(new SetupError("npm cannot be run — install Node with npm, then start again")));
    child.once("close", (code, signal) => {
      for (const name of stops) process.off(name, stop);
      if (signal !== null) fail(new SetupError("the installation was stopped — start again to finish it"));
      else done({ code, words });
    });
  });
}

function binOf(name) {
  const directory = join(modules, name ?? "");
  const { bin } = parse(readOr(join(directory, "package.json"), "")) ?? {};
  const file = typeof bin === "string" ? bin : bin?.[name];
  if (file === undefined) throw new SetupError(`the project has no program called ${name}`);
  return join(directory, file);
}

/** Runs a file under the project's Node and ends as it ends. */
function run(args, tied) {
  const path = [join(modules, ".bin"), dirname(nodeBinary), process.env.PATH].join(delimiter);
  const child = spawn(nodeBinary, args, {
    // The channel is a tie: when this process is killed, the child notices.
    stdio: tied ? ["inherit", "inherit", "inherit", "ipc"] : "inherit",
    env: { ...process.env, PATH: path },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  whenNpmIsGone(() => child.kill("SIGTERM"));
  child.once("error", (error) => stopWith(new SetupError(`the project's Node cannot be run: ${error.message}`)));
  child.once("close", (code, signal) => {
    if (signal === null) process.exit(code);
    // End by the same signal, so that whoever waits sees what happened.
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

/**
 * `npm start` puts a shell between itself and this process, and passes signals to the shell only: what stands
 * above is gone then, or has another parent, and nothing else tells this process that it should stop.
 */
function whenNpmIsGone(action) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const above = () => `${process.ppid} ${parentOf(process.ppid)}`;
  const first = above();
  const looks = setInterval(() => {
    if (above() === first) return;
    clearInterval(looks);
    action();
  }, PARENT_POLL_MS);
}

/** Parent of a process; empty where there is no /proc. */
function parentOf(pid) {
  const stat = readOr(`/proc/${pid}/stat`, "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? "";
}

function readOr(path, fallback) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return fallback;
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const say = (text) => console.error(`setup: ${text}`);

function stopWith(error) {
  console.error(error instanceof SetupError ? `isola: ${error.message}` : error);
  process.exit(1);
}

main().catch(stopWith);
