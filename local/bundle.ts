import { createHash } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";

import { build, stop, version, type BuildOptions, type Loader } from "esbuild";
import { z } from "zod";

const ROOT = resolve(import.meta.dirname, "..");

/** Files that a Worker imports as text, as wrangler does it. */
const TEXT: Record<string, Loader> = { ".sql": "text", ".html": "text", ".txt": "text", ".svg": "text" };

/** How every Worker is bundled here. */
export function bundleOptions(entry: string): BuildOptions & { write: false; metafile: true } {
  return {
    entryPoints: [entry],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", "node:*"],
    loader: TEXT,
    define: { "process.env.NODE_ENV": '"production"' },
    keepNames: true,
    logLevel: "silent",
  };
}

const cacheSchema = z.object({
  /** Files the bundle was made of, with what tells that one has changed. */
  inputs: z.record(z.string(), z.string()),
  code: z.string(),
});

/**
 * The code of a Worker as one module, from its TypeScript entry. Bundling takes longer than all the rest of a warm
 * start, so the result is kept and used again while none of its files has another date or size.
 *
 * @throws Error of esbuild when the source does not build.
 */
export async function bundle(entry: string, cacheDirectory: string): Promise<string> {
  const options = bundleOptions(entry);
  const key = createHash("sha256")
    .update(JSON.stringify([version, options]))
    .digest("hex")
    .slice(0, 24);
  const path = join(cacheDirectory, `${key}.json`);
  const kept = await readCache(path);
  if (kept !== null) return kept;
  const { outputFiles, metafile } = await build(options);
  const code = outputFiles[0]?.text ?? "";
  const files = Object.keys(metafile.inputs).map((input) => resolve(ROOT, input));
  const marks = await Promise.all(files.map(async (file) => [relative(ROOT, file), await markOf(file)] as const));
  await writeCache(path, { inputs: Object.fromEntries(marks), code });
  return code;
}

/** Bundles several Workers at once and ends the process that esbuild would keep for further builds. */
export async function bundleAll<Name extends string>(
  entries: Readonly<Record<Name, string>>,
  cacheDirectory: string,
): Promise<Record<Name, string>> {
  const names = Object.keys(entries) as Name[];
  const codes = await Promise.all(
    names.map(async (name) => [name, await bundle(entries[name], cacheDirectory)] as const),
  );
  await stop();
  return Object.fromEntries(codes) as Record<Name, string>;
}

async function readCache(path: string): Promise<string | null> {
  try {
    const { inputs, code } = cacheSchema.parse(JSON.parse(await readFile(path, "utf8")));
    const same = await Promise.all(
      Object.entries(inputs).map(async ([file, mark]) => (await markOf(resolve(ROOT, file))) === mark),
    );
    return same.every(Boolean) ? code : null;
  } catch {
    return null;
  }
}

async function writeCache(path: string, content: z.infer<typeof cacheSchema>): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(temporary, JSON.stringify(content));
  await rename(temporary, path);
}

async function markOf(file: string): Promise<string> {
  const { mtimeMs, size } = await stat(file);
  return `${mtimeMs} ${size}`;
}
