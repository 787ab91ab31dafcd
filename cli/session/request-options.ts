import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { PlatformError } from "../../contracts/errors.ts";
import type { Host } from "../framework/host.ts";
import { UsageError } from "../framework/usage.ts";

/** The options with which a request is written on the command line. */
export const REQUEST_OPTIONS = {
  method: { type: "string", value: "method", short: "X", about: "HTTP method" },
  path: { type: "string", value: "path", about: "path and query" },
  header: { type: "string", value: "name: value", short: "H", multiple: true, about: "a request header" },
  data: { type: "string", value: "text", short: "d", about: "the body; @file reads a file, - standard input" },
} as const;

/** The headers of `--header` options. */
export function readHeaders(texts: readonly string[], command: string): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const colon = text.indexOf(":");
      if (colon > 0) return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
      throw new UsageError(`--header must be like "name: value", not "${text}".`, command);
    }),
  );
}

/** The body that a `--data` option means: itself, a file, or standard input. */
export async function readData(data: string, host: Host): Promise<string> {
  if (data === "-") return host.readInput();
  if (!data.startsWith("@")) return data;
  try {
    return await readFile(resolve(host.cwd, data.slice(1)), "utf8");
  } catch (error) {
    throw new PlatformError("invalid", `--data ${data} cannot be read: ${(error as Error).message}.`);
  }
}
