import { closeSync, openSync, renameSync, statSync, writeSync } from "node:fs";
import type { Readable } from "node:stream";

/** Size at which a log is put aside, in bytes; one older one is kept. */
const LOG_BYTES_MAX = 1024 * 1024;

/** Where the output of a child process goes. */
export interface LogFile {
  write(chunk: string | Buffer): void;
  /** Writes down all that a stream gives. */
  follow(stream: Readable | null): void;
  close(): void;
}

/**
 * Opens a log that never grows past twice its limit. It never throws later: a full disk must not
 * stop the platform because of a log.
 *
 * @param echo also gets everything, when given.
 * @throws NodeJS.ErrnoException when the file cannot be opened.
 */
export function openLog(path: string, echo?: NodeJS.WritableStream): LogFile {
  let descriptor = openSync(path, "a", 0o600);
  let sizeBytes = statSync(path).size;

  const turn = (): void => {
    closeSync(descriptor);
    renameSync(path, `${path}.1`);
    descriptor = openSync(path, "a", 0o600);
    sizeBytes = 0;
  };
  const write = (chunk: string | Buffer): void => {
    echo?.write(chunk);
    try {
      // A chunk is at most what a pipe holds, so writing at once costs less than a queue that can grow.
      sizeBytes += writeSync(descriptor, Buffer.from(chunk));
      if (sizeBytes > LOG_BYTES_MAX) turn();
    } catch {
      // Closed, or no space left.
    }
  };
  return {
    write,
    follow: (stream) => stream?.on("data", (chunk: Buffer) => write(chunk)),
    close: () => {
      try {
        closeSync(descriptor);
      } catch {
        // A failed turn has closed it.
      }
    },
  };
}
