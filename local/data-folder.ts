import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { openLog, type LogFile } from "./log-file.ts";
import { explainFileFault } from "./start-error.ts";

/**
 * Makes the data folder, for its owner only.
 *
 * @throws StartError when it cannot be made or written.
 */
export function prepareDataFolder(dataDirectory: string): void {
  inDataFolder(dataDirectory, () => {
    mkdirSync(join(dataDirectory, "logs"), { recursive: true, mode: 0o700 });
    // It may have been there already, made by somebody with other habits.
    chmodSync(dataDirectory, 0o700);
  });
}

/** Opens a log of the data folder; with `verbose`, all of it goes to stderr too. */
export function openDataLog(dataDirectory: string, name: string, verbose: boolean): LogFile {
  const path = join(dataDirectory, "logs", `${name}.log`);
  return inDataFolder(dataDirectory, () => openLog(path, verbose ? process.stderr : undefined));
}

/** Runs what touches the data folder; the system's faults come back as a line that a person understands. */
export function inDataFolder<T>(dataDirectory: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw explainFileFault(error, dataDirectory);
  }
}
