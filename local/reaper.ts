import { spawn } from "node:child_process";

/**
 * Reads one line a change, each the pids that are to end with the launcher; at the end of the pipe, however it
 * came to that, kills those of the last line and what the core's start script wrote down, and removes the folder.
 */
const SCRIPT = `
while read -r line; do pids="$line"; done
for pid in $pids $(cat "$1/core.pid" 2>/dev/null); do kill -9 "$pid" 2>/dev/null; done
rm -rf "$1"
`;

/** Ends the platform's processes when the launcher is gone, even by `kill -9`. */
export interface Reaper {
  pid: number;
  /** Replaces the list of processes that must not outlive the launcher. */
  watch(pids: readonly number[]): void;
  /** Lets it do its work now: kill what is listed and remove the folder. Resolves when it has ended. */
  close(): Promise<void>;
}

/**
 * Starts the reaper: a shell that waits at the other end of a pipe, which the kernel closes with the launcher.
 * It has a session of its own, so that Ctrl-C in the terminal does not end it first.
 *
 * @param socketsDirectory the private folder that goes with the launcher.
 */
export function startReaper(socketsDirectory: string): Reaper {
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "isola-reaper", socketsDirectory], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const ended = new Promise<void>((done) => {
    shell.once("exit", () => done());
    shell.once("error", () => done());
  });
  // Without a listener, a reaper that somebody killed would take the launcher with it.
  shell.stdin.on("error", () => {});
  shell.unref();
  return {
    pid: shell.pid ?? 0,
    watch: (pids) => {
      shell.stdin.write(`${pids.join(" ")}\n`);
    },
    close: async () => {
      shell.ref();
      shell.stdin.end();
      await ended;
    },
  };
}
