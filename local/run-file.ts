import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { signalProcess, startOfProcess } from "./processes.ts";

const runSchema = z.object({
  socketsDirectory: z.string(),
  processes: z.array(z.object({ pid: z.number().int().positive(), start: z.string() })),
});

/** What is written down in the data folder of the processes that run on it. */
export type Run = z.infer<typeof runSchema>;

const pathOf = (dataDirectory: string): string => join(dataDirectory, "run.json");

/** Writes down which processes belong to this run, each with its start so that its pid cannot be mistaken later. */
export function writeRun(dataDirectory: string, socketsDirectory: string, pids: readonly number[]): void {
  const processes = pids.flatMap((pid) => {
    const start = startOfProcess(pid);
    return start === null ? [] : [{ pid, start }];
  });
  const path = pathOf(dataDirectory);
  writeFileSync(`${path}.new`, JSON.stringify({ socketsDirectory, processes }), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** The end of a run in good order: nothing is left. */
export function removeRun(dataDirectory: string): void {
  rmSync(pathOf(dataDirectory), { force: true });
}

/**
 * Kills what an earlier run left behind. Call it only under the lock of the data folder. A pid that belongs to
 * another process by now is left alone.
 *
 * @returns how many processes were still there.
 */
export function killLeftovers(dataDirectory: string): number {
  const run = readRun(dataDirectory);
  if (run === null) return 0;
  const left = run.processes.filter(({ pid, start }) => startOfProcess(pid) === start);
  for (const { pid } of left) signalProcess(pid, "SIGKILL");
  if (isSocketsDirectory(run.socketsDirectory)) rmSync(run.socketsDirectory, { recursive: true, force: true });
  removeRun(dataDirectory);
  return left.length;
}

function readRun(dataDirectory: string): Run | null {
  try {
    const parsed = runSchema.safeParse(JSON.parse(readFileSync(pathOf(dataDirectory), "utf8")));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Name of the private folder of a run, before its random end. */
export const SOCKETS_PREFIX = "isola-run-";

/** A damaged run file must not get an arbitrary folder removed. */
function isSocketsDirectory(path: string): boolean {
  return /[/\\]isola-run-[A-Za-z0-9]+$/.test(path);
}
