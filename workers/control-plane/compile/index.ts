import type { ModuleExports } from "../../../contracts/doors.ts";
import type { Issue } from "../../../contracts/errors.ts";
import { SOURCE_BYTES_MAX } from "../../../contracts/limits.ts";
import type { CodeUses } from "../../../contracts/projection.ts";
import { addPackages } from "../packages/add.ts";
import { chooseMain, entryIssue } from "./entry.ts";
import { Fault } from "./fault.ts";
import { isCode, readFiles } from "./files.ts";
import { hashCompiled } from "./hash.ts";
import { withColumns } from "./instrument/columns.ts";
import { positionAt, refuse, refuseOne, refuseSize } from "./issues.ts";
import { Linker } from "./link.ts";
import { compileModule, type CompiledModule } from "./module.ts";
import { exportsIssue, OrgImports } from "./org-modules.ts";
import { readSourceMap } from "./source-map.ts";

/** Files as uploaded: path → text. */
export interface Upload {
  files: Record<string, string>;
  /** Entry file; guessed where it is plain. */
  main?: string | undefined;
  kind: "endpoint" | "module";
  /** Source map (JSON text, v3) of the entry file, from a bundler. */
  sourceMap?: string | undefined;
  /** Whether the code is to count its processor time, for where the platform does not. */
  metered?: boolean | undefined;
}

/** A version as the Worker Loader takes it, and what is kept beside it. */
export interface CompiledUpload {
  main: string;
  /** Path → JavaScript; each line stands where it stood in the file. */
  modules: Record<string, string>;
  nodeCompat: boolean;
  uses: CodeUses;
  /** What it takes from modules of its org, which are not looked for here. */
  imports: OrgImports;
  /** What it gives to other scripts; null unless it is a module. */
  exports: ModuleExports | null;
  /** Source map (JSON text) of `main`, and how columns of all modules moved; null where they are the user's own. */
  sourceMap: string | null;
  /** SHA-256 (hex) of what will run. */
  hash: string;
  /** All files as uploaded, in bytes of UTF-8. */
  sizeBytes: number;
}

/**
 * Turns an upload into a version by reading it only; nothing of it runs here.
 * @throws {PlatformError} `invalid` with `details.issues` (`file`, `line`, `column`, `reason`; both counted from 1), or
 *   `too_large`. It throws nothing else.
 */
export async function compileUpload(upload: Upload): Promise<CompiledUpload> {
  const { files, sizeBytes } = readFiles(upload.files);
  const paths = new Set(files.keys());
  const main = chooseMain(paths, upload.main);
  const given = upload.sourceMap === undefined ? null : sourceMapFor(main, paths, upload.sourceMap);
  const compiled = compileAll(files, paths, upload.metered === true);
  addPackages(compiled, upload.metered === true);
  const entry = compiled.get(main);
  if (entry === undefined) throw new Error(`The entry file ${main} was not compiled.`);
  const linker = new Linker(compiled);
  const issue = entryIssue(linker, entry, upload.kind, files.get(main) ?? "");
  const imports = new OrgImports(compiled.values(), linker);
  const exports = upload.kind === "module" ? linker.exportsOf(main) : null;
  const tooMany = exports === null ? null : exportsIssue(entry, exports);
  const issues = [...linker.issues(), ...imports.issues(), ...[issue, tooMany].filter((found) => found !== null)];
  if (issues.length > 0) refuse(issues);

  const modules = Object.fromEntries([...compiled].map(([path, { code }]) => [path, code]));
  checkSize([...paths].map((path) => modules[path] ?? ""));
  const nodeCompat = [...compiled.values()].some(importsNode);
  const uses = usesOf(compiled.values());
  const sourceMap = withColumns(
    given ?? entry.sourceMap(),
    columnsOf([...compiled.values()].filter(({ path }) => paths.has(path))),
  );
  const hash = await hashCompiled({ kind: upload.kind, main, modules, nodeCompat });
  return { main, modules, nodeCompat, uses, imports, exports, sourceMap, hash, sizeBytes };
}

function compileAll(
  files: ReadonlyMap<string, string>,
  paths: ReadonlySet<string>,
  metered: boolean,
): Map<string, CompiledModule> {
  const compiled = new Map<string, CompiledModule>();
  const issues: Issue[] = [];
  for (const [path, text] of files) {
    try {
      compiled.set(path, compileModule(path, text, paths, metered));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      issues.push({ file: path, ...positionAt(text, error.offset), reason: error.message });
    }
  }
  if (issues.length > 0) refuse(issues);
  return compiled;
}

/** What any of the modules uses. */
function usesOf(compiled: Iterable<CompiledModule>): CodeUses {
  const all: CodeUses = { console: false, fetch: false, streams: false };
  for (const { record } of compiled) {
    const uses = record.reading.uses(record.requests.map(({ specifier }) => specifier));
    all.console ||= uses.console;
    all.fetch ||= uses.fetch;
    all.streams ||= uses.streams;
  }
  return all;
}

const columnsOf = (compiled: Iterable<CompiledModule>): Record<string, string> =>
  Object.fromEntries([...compiled].flatMap(({ path, columns }) => (columns === null ? [] : [[path, columns]])));

function sourceMapFor(main: string, paths: ReadonlySet<string>, text: string): string {
  if ([...paths].filter(isCode).length > 1) {
    return refuseOne(
      "a source map goes with a bundle, and this upload has several files with code. Send one of the two.",
    );
  }
  if (!/\.m?js$/.test(main))
    return refuseOne("a source map goes with JavaScript. Send the bundle, or leave the map out.", main);
  return readSourceMap(text);
}

/** Data and JSX grow when they become code, and so does code that counts its time. */
function checkSize(modules: string[]): void {
  const limit = 2 * SOURCE_BYTES_MAX;
  const bytes = modules.reduce((sum, code) => sum + code.length, 0);
  if (bytes > limit)
    refuseSize("As JavaScript the files have", limit, bytes, "Leave out what the script does not need.");
}

function importsNode({ targets }: CompiledModule): boolean {
  return [...targets.values()].some((target) => target.type === "builtin" && target.specifier.startsWith("node:"));
}
