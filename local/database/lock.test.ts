import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { StartError } from "../start-error.ts";
import { lockFolder } from "./lock.ts";

const LOCK_MODULE = new URL("./lock.ts", import.meta.url).href;
let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "isola-lock-"));
});

afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  rmSync(folder, { recursive: true, force: true });
});

/** A process that tries for the lock, says how it went in one line, and stays. */
async function contend(): Promise<{ child: ChildProcess; said: string }> {
  const source = `
    import { lockFolder } from ${JSON.stringify(LOCK_MODULE)};
    try { lockFolder(${JSON.stringify(folder)}); console.log("held"); }
    catch (error) { console.log(error.line ?? String(error)); }
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { child, said: said.toString().trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

test("a folder held by a live process is refused in one line that names it", async () => {
  const { child, said } = await contend();
  expect(said).toBe("held");
  expect(() => lockFolder(folder)).toThrow(StartError);
  expect(() => lockFolder(folder)).toThrow(`in use by process ${child.pid}`);
});

test("a process that was killed leaves a lock that the next start takes over", async () => {
  const { child } = await contend();
  await kill(child);
  expect(readdirSync(folder)).toEqual(["lock"]);
  const lock = lockFolder(folder);
  expect(readFileSync(join(folder, "lock"), "utf8")).toMatch(new RegExp(`^${process.pid} `));
  lock.release();
});

test("of several starts after a kill exactly one gets the folder", async () => {
  const { child } = await contend();
  await kill(child);
  const contenders = await Promise.all([contend(), contend(), contend(), contend()]);
  const holders = contenders.filter(({ said }) => said === "held");
  expect(holders).toHaveLength(1);
  for (const { said } of contenders) {
    if (said !== "held") expect(said).toContain(`in use by process ${holders[0]!.child.pid}`);
  }
  expect(readdirSync(folder)).toEqual(["lock"]);
});

test("a pid that belongs to a later process by now does not hold the folder", () => {
  writeFileSync(join(folder, "lock"), `${process.pid} 1 of-an-earlier-process`);
  lockFolder(folder).release();
});

test("a lock file that makes no sense does not shut the folder for ever", () => {
  writeFileSync(join(folder, "lock"), "");
  lockFolder(folder).release();
});

test("letting go frees the folder, and only what this process holds", () => {
  const first = lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow(StartError);
  first.release();
  const second = lockFolder(folder);
  first.release();
  expect(() => lockFolder(folder)).toThrow(StartError);
  second.release();
  expect(readdirSync(folder)).toEqual([]);
});

test("a folder that cannot be written is a clear refusal", () => {
  writeFileSync(join(folder, "a-file"), "");
  expect(() => lockFolder(join(folder, "a-file"))).toThrow(/cannot write .*: a part of the path is a file/);
});
