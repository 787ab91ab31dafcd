import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";

import { build } from "esbuild";

import type { Compile } from "./source.ts";

const ENTRY = resolve(import.meta.dirname, "../../workers/control-plane/compile/index.ts");
/** Longest that a generated program may run, in milliseconds; none of them needs a tenth of it. */
const RUN_MS_MAX = 2_000;

/** The compiler of the control plane, bundled as it is for its Worker, so that Node can run it. */
export async function loadCompiler(): Promise<Compile> {
  const folder = await mkdtemp(join(tmpdir(), "isola-fuzz-"));
  try {
    const outfile = join(folder, "compile.mjs");
    await build({
      entryPoints: [ENTRY],
      bundle: true,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      outfile,
    });
    const { compileUpload } = (await import(pathToFileURL(outfile).href)) as { compileUpload: Compile };
    return compileUpload;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a module with a default function and no imports but the meter's, in a world of its own. */
export function answerOf(module: string): string {
  // The meter's functions stand in for themselves: a step, and nothing where something is caught.
  const meter = "{ c: () => 128, r: () => {} }";
  const script = module
    .replaceAll(
      /import\s*\{([^}]*)\}\s*from\s*["'][^"']*meter\.js["'];?/g,
      (_, names: string) => `const {${names.replaceAll(" as ", ": ")}} = ${meter};`,
    )
    .replaceAll(/^\s*export\s*\{[^}]*\};?/gm, "")
    .replace("export default function main", "globalThis.main = function main");
  return String(runInNewContext(`${script}\n;globalThis.main()`, {}, { timeout: RUN_MS_MAX }));
}
