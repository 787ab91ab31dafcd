import { readFileSync } from "node:fs";

const ESTABLISHED = "01";

/** How many connections to a port of this computer are open; null where there is no `/proc`. */
export function openConnections(port: number): number | null {
  try {
    return ["tcp", "tcp6"].reduce((sum, name) => sum + countIn(readFileSync(`/proc/net/${name}`, "utf8"), port), 0);
  } catch {
    return null;
  }
}

/** Rows read `index: local-address:port remote-address:port state …`, in hexadecimal. */
export function countIn(table: string, port: number): number {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table.split("\n").filter((row) => {
    const [, local, , state] = row.trim().split(/\s+/, 4);
    return state === ESTABLISHED && local?.endsWith(ending);
  }).length;
}
