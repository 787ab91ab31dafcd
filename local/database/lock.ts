import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { join } from "node:path";

import { DATA_LOCK_CLAIM_MS } from "../../contracts/limits.ts";
import { startOfProcess } from "../processes.ts";
import { explainFileFault, StartError } from "../start-error.ts";

/**
 * One process per data folder. Nothing below would notice a second one: two of them on one embedded
 * database lose rows without a word. The lock is a file that appears whole (a hard link, which fails when
 * the name is taken) and says who holds it, so that one left by a killed process can be told from a live one.
 */

/** A data folder held by this process. */
export interface FolderLock {
  /** Lets the folder go. Safe to call twice. */
  release(): void;
}

/** Times a lock that changes hands meanwhile is looked at again. */
const ATTEMPTS_MAX = 20;

/**
 * Takes the lock of a data folder that exists.
 *
 * @param name file name of the lock inside the folder.
 * @throws StartError naming the process that holds it, or saying why the folder cannot be written.
 */
export function lockFolder(folder: string, name = "lock"): FolderLock {
  const path = join(folder, name);
  const own = `${process.pid} ${startOfProcess(process.pid) ?? "-"} ${randomUUID()}`;
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (place(path, own)) return { release: () => removeIf(path, own) };
      const holder = read(path);
      if (holder === null) continue;
      if (isAlive(holder)) throw inUse(folder, holder);
      removeStale(path, holder, own);
    }
  } catch (error) {
    throw explainFileFault(error, folder);
  }
  throw inUse(folder, read(path) ?? "another process");
}

/** Puts a file with this content at a free path; false when it is taken. */
function place(path: string, content: string): boolean {
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, content, { mode: 0o600, flag: "wx" });
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Removes the lock of a dead process. Between looking and removing, another start may have put its own lock
 * there; so whoever wants to remove first claims the right to, and looks again while holding the claim.
 */
function removeStale(path: string, stale: string, own: string): void {
  const claim = `${path}.claim`;
  if (!place(claim, own)) {
    const claimant = read(claim);
    if (claimant !== null && !isAlive(claimant) && isOld(claim)) removeIf(claim, claimant);
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    return;
  }
  try {
    removeIf(path, stale);
  } finally {
    removeIf(claim, own);
  }
}

function removeIf(path: string, content: string): void {
  if (read(path) === content) rmSync(path, { force: true });
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function isOld(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > DATA_LOCK_CLAIM_MS;
}

/** Whether the process that wrote a lock still runs: its pid may belong to a later process by now. */
function isAlive(holder: string): boolean {
  const [pidText, start] = holder.split(" ");
  const pid = Number(pidText);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  const startNow = startOfProcess(pid);
  if (startNow !== null) return startNow === start;
  // Where there is no /proc, a process with that pid has to do.
  return start === "-" && answersSignals(pid);
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function inUse(folder: string, holder: string): StartError {
  const pid = /^\d+/.exec(holder)?.[0];
  return new StartError(
    `the data folder ${folder} is in use${pid === undefined ? "" : ` by process ${pid}`}`,
    "stop that one first, or set ISOLA_DATA to another folder",
  );
}
