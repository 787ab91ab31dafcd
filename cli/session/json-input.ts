import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { PlatformError } from "../../contracts/errors.ts";
import type { Host } from "../framework/host.ts";
import { UsageError } from "../framework/usage.ts";

/** How help says that a value is written. */
export const JSON_HINT = "JSON; @file reads a file, - standard input";

/** What a text that a person gave means: itself, a file, or standard input. */
export async function readText(given: string, host: Host): Promise<string> {
  if (given === "-") return host.readInput();
  return given.startsWith("@") ? readFileText(given.slice(1), host) : given;
}

/** A file in the folder of the command, as text. */
export async function readFileText(path: string, host: Host): Promise<string> {
  try {
    return await readFile(resolve(host.cwd, path), "utf8");
  } catch (error) {
    throw new PlatformError("invalid", `${path} cannot be read: ${(error as Error).message}.`);
  }
}

/**
 * A value in JSON, given on the command line, in a file or on standard input.
 * @throws UsageError that says what is wrong with it, and that text needs its quotes.
 */
export async function readJson(given: string, host: Host, command: string, what = "value"): Promise<unknown> {
  const text = await readText(given, host);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    const quotes = /^\s*[[{]/.test(text) ? "" : ` Text needs quotes of its own: '"${shown.trim()}"'.`;
    throw new UsageError(`The ${what} ${shown} is not JSON: ${(error as Error).message}.${quotes}`, command);
  }
}

/** The same for an object, such as a document or a filter. */
export async function readJsonObject(
  given: string,
  host: Host,
  command: string,
  what: string,
): Promise<Record<string, unknown>> {
  const value = await readJson(given, host, command, what);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UsageError(`The ${what} must be an object, such as {"state":"open"}.`, command);
}
