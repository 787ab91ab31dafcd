import { readFileSync } from "node:fs";

/** Clock ticks of `/proc/<pid>/stat` per second; fixed at 100 for user space on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Positions in `/proc/<pid>/stat`, counted after the command's closing parenthesis. */
const STATE = 0;
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;
const START_TICKS = 19;

/** What one look at a process shows. */
export interface ProcessSample {
  /** Processor time used since it began, in milliseconds. */
  cpuMs: number;
  residentBytes: number;
}

/** A look at a process; null when it is gone, or where there is no `/proc`. */
export function sampleProcess(pid: number): ProcessSample | null {
  const stat = readStat(pid);
  if (stat === null) return null;
  try {
    // Not `statm`: it counts pages, and their size is the machine's own.
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    const ticks = Number(stat[USER_TICKS]) + Number(stat[SYSTEM_TICKS]);
    return { cpuMs: (ticks * 1000) / TICKS_PER_SECOND, residentBytes: Number(kibibytes ?? 0) * 1024 };
  } catch {
    return null;
  }
}

/**
 * When a process began, in ticks since the machine booted: with its pid, its identity, because pids come
 * round again. Null when it is gone or dead, or where there is no `/proc`.
 */
export function startOfProcess(pid: number): string | null {
  const stat = readStat(pid);
  return stat === null || stat[STATE] === "Z" ? null : (stat[START_TICKS] ?? null);
}

function readStat(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command in parentheses may hold spaces and parentheses of its own.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

/** Sends a signal to a process that may be gone already. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended first, which is what the signal was for.
  }
}
