import { MagicString } from "magic-string";

import type { Issue } from "../../../contracts/errors.ts";
import { Fault } from "./fault.ts";
import { extensionOf, isCode } from "./files.ts";
import { columnsOf, type Edit } from "./instrument/columns.ts";
import { Reading } from "./instrument/reading.ts";
import { positionAt } from "./issues.ts";
import { checkJson } from "./json.ts";
import { parseModule, type ModuleRecord, type ModuleRequest } from "./parse.ts";
import { resolveSpecifier, type Resolution } from "./specifiers.ts";
import { eraseTypes, type Erased } from "./typescript.ts";

/** One file as a module that the loader takes. */
export interface CompiledModule {
  path: string;
  code: string;
  record: ModuleRecord;
  /** Where each import leads. */
  targets: Map<ModuleRequest, Resolution>;
  /** Source map (JSON text) where columns moved; lines never do. */
  sourceMap(): string | null;
  /** How columns moved when the module was metered; null where it was not. */
  columns: string | null;
  /** Names an offset of the record in the user's own file. */
  issue(offset: number, reason: string): Issue;
}

/** Import attributes that say of a data file what its extension says already. */
const ATTRIBUTE_TYPES: Record<string, string> = { ".json": "json", ".txt": "text" };

/**
 * Compiles one file of an upload. Imports that lead nowhere are in `targets`, for the caller to refuse with the others.
 * @throws {Fault} where the file cannot be read; the offset is one of the file.
 */
export function compileModule(
  path: string,
  text: string,
  paths: ReadonlySet<string>,
  metered: boolean,
): CompiledModule {
  if (!isCode(path)) return dataModule(path, text);
  const erased = erase(path, text);
  const code = erased?.code ?? text;
  const toSource = (offset: number) => erased?.toSource(offset) ?? offset;
  const record = readRecord(path, text, code, toSource);
  const targets = new Map(record.requests.map((request) => [request, targetOf(path, request, paths)]));
  const insertions = metered ? record.reading.insertions(path, code) : [];
  const edits = [
    ...insertions.map(({ offset, text }) => ({ start: offset, end: offset, text })),
    ...importEdits(code, targets),
  ];
  return {
    path,
    code: edited(code, edits),
    columns:
      insertions.length === 0
        ? null
        : columnsOf(
            code,
            edits.toSorted((a, b) => a.start - b.start),
          ),
    record,
    targets,
    sourceMap: () => (erased === null ? null : JSON.stringify(erased.map)),
    issue: (offset, reason) => ({ file: path, ...positionAt(text, toSource(offset)), reason }),
  };
}

function erase(path: string, text: string): Erased | null {
  const extension = extensionOf(path);
  const types = extension === ".ts" || extension === ".mts" || extension === ".tsx";
  const jsx = extension === ".tsx" || extension === ".jsx";
  return types || jsx ? eraseTypes(path, text, { types, jsx }) : null;
}

function readRecord(path: string, text: string, code: string, toSource: (offset: number) => number): ModuleRecord {
  try {
    return parseModule(code);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const hint = isTypeScript(path, text)
      ? ` This is TypeScript; name the file ${path.replace(/\.m?jsx?$/, ".ts")}.`
      : "";
    throw new Fault(toSource(error.offset), error.message + hint);
  }
}

/** Whether a file that is no JavaScript would do as TypeScript. */
function isTypeScript(path: string, text: string): boolean {
  if (!/\.m?jsx?$/.test(path)) return false;
  try {
    parseModule(eraseTypes(path, text, { types: true, jsx: path.endsWith("x") }).code);
    return true;
  } catch {
    return false;
  }
}

function targetOf(path: string, request: ModuleRequest, paths: ReadonlySet<string>): Resolution {
  const target = resolveSpecifier(path, request.specifier, paths);
  const type = request.attributes?.type ?? null;
  if (target.type === "none" || type === null) return target;
  const expected = target.type === "file" ? ATTRIBUTE_TYPES[extensionOf(target.path)] : undefined;
  if (type === expected) return target;
  return {
    type: "none",
    reason: () => `The import attribute type: ${JSON.stringify(type)} does not fit this module. Leave it out.`,
  };
}

/** Puts in the specifiers that the loader understands and takes out import attributes, which it does not. */
function importEdits(code: string, targets: CompiledModule["targets"]): Edit[] {
  const edits: Edit[] = [];
  for (const [request, target] of targets) {
    if (target.type === "none") continue;
    const { start, end, specifier, attributes } = request;
    if (target.specifier !== specifier) edits.push({ start, end, text: JSON.stringify(target.specifier) });
    if (attributes === null) continue;
    const blank = code.slice(end, attributes.end).replace(/[^\r\n\u2028\u2029]/g, " ");
    const text = attributes.type === null ? blank : `${blank.slice(0, -1)};`;
    edits.push({ start: end, end: attributes.end, text });
  }
  return edits;
}

function edited(code: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return code;
  const result = new MagicString(code);
  for (const { start, end, text } of edits) {
    if (start === end) result.appendLeft(start, text);
    else result.overwrite(start, end, text);
  }
  return result.toString();
}

function dataModule(path: string, text: string): CompiledModule {
  const json = extensionOf(path) === ".json";
  if (json) checkJson(text);
  const literal = JSON.stringify(text);
  return {
    path,
    // Parsed at run time, since in a literal the key `__proto__` would mean something else.
    code: json ? `export default JSON.parse(${literal});\n` : `export default ${literal};\n`,
    record: { requests: [], exports: new Set(["default"]), stars: [], defaultExport: null, reading: new Reading() },
    targets: new Map(),
    sourceMap: () => null,
    columns: null,
    issue: (offset, reason) => ({ file: path, ...positionAt(text, offset), reason }),
  };
}
