import { startReaper } from "./reaper.ts";
import { removeRun, writeRun } from "./run-file.ts";

/**
 * Which processes must not outlive this launcher, told to both that see to it: the reaper, which acts at once,
 * and the run file, from which the next start ends what even the reaper missed.
 */
export interface Register {
  /** Replaces the processes of one part. */
  set(part: "core" | "edges", pids: readonly number[]): void;
  /** Ends whatever is still registered and removes the private folder. */
  close(): Promise<void>;
}

/** Opens the register of a run with its private folder. */
export function openRegister(dataDirectory: string, socketsDirectory: string): Register {
  const reaper = startReaper(socketsDirectory);
  const parts = new Map<string, readonly number[]>();
  return {
    set: (part, pids) => {
      parts.set(part, pids);
      const all = [...parts.values()].flat();
      reaper.watch(all);
      writeRun(dataDirectory, socketsDirectory, [reaper.pid, ...all]);
    },
    close: async () => {
      await reaper.close();
      removeRun(dataDirectory);
    },
  };
}
