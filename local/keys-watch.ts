import { unwatchFile, watchFile } from "node:fs";

import { formatKeys, readSecretsKeys, secretsFile } from "./secrets.ts";

/** How often a look is taken at the file, in milliseconds. */
const LOOK_INTERVAL_MS = 1_000;

export interface KeysWatchOptions {
  dataDirectory: string;
  /** Gives the running platform its keys. */
  give: (keys: string) => Promise<void>;
  onNotice: (text: string) => void;
}

/** Hands on what somebody writes into `secrets.json`. */
export interface KeysWatch {
  /** Gives them again to a process that has begun anew. */
  giveAgain(): void;
  stop(): void;
}

/**
 * Has the running platform take the keys of `secrets.json` when that file changes. A file that cannot be read changes
 * nothing and says so.
 */
export function watchKeys({ dataDirectory, give, onNotice }: KeysWatchOptions): KeysWatch {
  const path = secretsFile(dataDirectory);
  let given: string | null = null;

  const take = async (): Promise<void> => {
    try {
      const keys = readSecretsKeys(dataDirectory);
      const text = formatKeys(keys);
      if (text === given) return;
      await give(text);
      given = text;
      onNotice(`took the keys for secrets from ${path}: ${Object.keys(keys).join(", ")}`);
    } catch (error) {
      onNotice(`the keys for secrets stay as they were: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const look = (): void => void take();
  watchFile(path, { interval: LOOK_INTERVAL_MS, persistent: false }, look);
  return {
    giveAgain: () => {
      if (given === null) return;
      given = null;
      look();
    },
    stop: () => unwatchFile(path, look),
  };
}
