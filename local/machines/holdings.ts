import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { StartError } from "../start-error.ts";
import { holdingsSchema, type Holdings } from "./resources.ts";

/** What the provider has, with a way to have it written down. */
export interface Kept {
  holdings: Holdings;
  /** Writes everything down; what was there before stays when this is cut off. */
  keep: () => void;
}

/**
 * Reads what an earlier run left. Nothing is written before there is something to write.
 *
 * @param path null keeps nothing
 * @throws StartError when the file is there and cannot be understood.
 */
export function openHoldings(path: string | null): Kept {
  const holdings = (path === null ? null : read(path)) ?? { groups: [], volumes: [], machines: [] };
  return {
    holdings,
    keep: () => {
      if (path === null) return;
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, `${JSON.stringify(holdings)}\n`, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}

function read(path: string): Holdings | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    return holdingsSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new StartError(`${path} is damaged`, "remove it: the practice machines are gone then", { cause: error });
  }
}
