import { readFileSync } from "node:fs";

import { descendants } from "../../test/support/processes.ts";

/** Resident memory of a process and all below it, in mebibytes. Linux only: it reads /proc. */
export function residentMebibytes(pid: number): number {
  return [pid, ...descendants(pid)].reduce((sum, each) => sum + residentOf(each), 0);
}

/** Resident memory of one process, in mebibytes; 0 when it is gone. */
export function residentOf(pid: number): number {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kibibytes ?? 0) / 1024;
  } catch {
    return 0;
  }
}
