import { readdir, readFile } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";

import { PlatformError } from "../../contracts/errors.ts";
import { FILES_PER_VERSION_MAX, SOURCE_BYTES_MAX } from "../../contracts/limits.ts";
import { formatBytes } from "../framework/text.ts";
import type { Entry } from "./entry.ts";
import { sizeOf, type Upload } from "./upload.ts";

const UPLOADED = /\.(?:ts|tsx|mts|js|jsx|mjs|json|txt)$/;
const LEFT_OUT = /\.d\.m?ts$|\.(?:test|spec)\.[a-z]+$|^package(?:-lock)?\.json$|^tsconfig.*\.json$/;

/**
 * Takes sources as they are: the one file that was named, or all of a folder's, without what is
 * installed, hidden, a test, or there for tools only.
 * @throws PlatformError `too_large` when they are more than a version holds.
 */
export async function readSources({ file, root, isFolder }: Entry): Promise<Upload> {
  const paths = isFolder ? await walk(root) : [basename(file)];
  if (paths.length > FILES_PER_VERSION_MAX) {
    throw new PlatformError(
      "too_large",
      `The folder has ${paths.length} files; a script may have ${FILES_PER_VERSION_MAX}.`,
    );
  }
  const files: Record<string, string> = {};
  for (const path of paths) files[path] = await readFile(join(root, path), "utf8");
  const sizeBytes = sizeOf(files);
  if (sizeBytes > SOURCE_BYTES_MAX) {
    throw new PlatformError(
      "too_large",
      `The files have ${formatBytes(sizeBytes)}; a script may have ${formatBytes(SOURCE_BYTES_MAX)}.`,
    );
  }
  return {
    files,
    main: relative(root, file).split(sep).join("/"),
    sourceMap: null,
    sizeBytes,
    external: [],
    warnings: [],
  };
}

async function walk(root: string, folder = ""): Promise<string[]> {
  const paths: string[] = [];
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (entry.isDirectory()) paths.push(...(await walk(root, path)));
    else if (entry.isFile() && UPLOADED.test(entry.name) && !LEFT_OUT.test(entry.name)) paths.push(path);
  }
  return paths;
}
