import { realpath, stat, readFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";

import { z } from "zod";

import { PlatformError } from "../../contracts/errors.ts";

/** Where the code of a script begins. */
export interface Entry {
  /** Absolute path of the entry file. */
  file: string;
  /** Absolute folder that the names of the script's files are relative to. */
  root: string;
  /** True when a folder was named and its files belong together. */
  isFolder: boolean;
  /** A script name made of the file's or folder's own; it may still be no valid one. */
  name: string;
}

const ENTRY_CANDIDATES = ["index", "src/index", "main", "src/main", "worker", "src/worker"].flatMap((stem) =>
  ["ts", "tsx", "mts", "js", "jsx", "mjs"].map((extension) => `${stem}.${extension}`),
);

const packageSchema = z.object({ name: z.string(), main: z.string(), module: z.string() }).partial();

/**
 * Finds the entry file behind a path that a person gave: the file itself, or what a folder's
 * package.json says, or its index file.
 * @throws PlatformError `invalid` that says what was looked for.
 */
export async function findEntry(path: string, cwd: string): Promise<Entry> {
  const absolute = resolve(cwd, path);
  const kind = await kindOf(absolute);
  if (kind === null) throw new PlatformError("invalid", `There is no file or folder ${path}.`);
  // Bundlers name files by their real paths; a root behind a link would make every name climb out of it.
  const real = await realpath(absolute);
  if (kind === "file") {
    const stem = basename(real, extname(real));
    const name = stem === "index" ? basename(dirname(real)) : stem;
    return { file: real, root: dirname(real), isFolder: false, name: toScriptName(name) };
  }
  const manifest = await readPackage(real);
  const name = toScriptName(manifest.name?.split("/").at(-1) ?? basename(real));
  for (const candidate of [manifest.main, manifest.module, ...ENTRY_CANDIDATES]) {
    if (candidate === undefined) continue;
    const file = join(real, candidate);
    if ((await kindOf(file)) === "file") return { file, root: real, isFolder: true, name };
  }
  throw new PlatformError(
    "invalid",
    `The folder ${path} has no entry: neither a package.json whose "main" is there, nor index.ts, index.js or src/index.ts. ` +
      "Name the file instead.",
  );
}

async function kindOf(path: string): Promise<"file" | "folder" | null> {
  const found = await stat(path).catch(() => null);
  if (found === null) return null;
  return found.isDirectory() ? "folder" : "file";
}

async function readPackage(folder: string): Promise<z.output<typeof packageSchema>> {
  const path = join(folder, "package.json");
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return {};
  try {
    return packageSchema.parse(JSON.parse(text));
  } catch {
    throw new PlatformError("invalid", `${path} is not a valid package.json.`);
  }
}

const toScriptName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^[-_]+|[-_]+$/g, "");
