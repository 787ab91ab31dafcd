import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const ESTABLISHED = "01";

/** How many connections to a port of this computer are open; null where there is no `/proc`. */
export function openConnections(port: number): number | null {
  try {
    return ["tcp", "tcp6"].reduce((sum, name) => sum + countIn(readFileSync(`/proc/net/${name}`, "utf8"), port), 0);
  } catch {
    return null;
  }
}

/**
 * How many connections to a port of this computer a process holds; null where there is no `/proc`. A process
 * that was stopped by a signal shows them all the same.
 */
export function openConnectionsOf(pid: number, port: number): number | null {
  try {
    const held = new Set(
      readdirSync(`/proc/${pid}/fd`).map((fd) => {
        try {
          return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
        } catch {
          return undefined;
        }
      }),
    );
    return ["tcp", "tcp6"].reduce(
      (sum, name) =>
        sum + rowsOf(readFileSync(`/proc/net/${name}`, "utf8"), port).filter((row) => held.has(row[9])).length,
      0,
    );
  } catch {
    return null;
  }
}

/** Rows read `index: local-address:port remote-address:port state …`, in hexadecimal. */
export function countIn(table: string, port: number): number {
  return rowsOf(table, port).length;
}

function rowsOf(table: string, port: number): string[][] {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table
    .split("\n")
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => state === ESTABLISHED && local?.endsWith(ending));
}
