import type { Issue } from "../../../contracts/errors.ts";
import { FILE_PATH_LENGTH_MAX, FILES_PER_VERSION_MAX, SOURCE_BYTES_MAX } from "../../../contracts/limits.ts";
import { positionAt, refuse, refuseOne, refuseSize } from "./issues.ts";

/** Extensions of files that hold code, in the order in which an import without one tries them. */
export const CODE_EXTENSIONS = [".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs"] as const;
/** Extensions of files whose content becomes a default export. */
export const DATA_EXTENSIONS = [".json", ".txt"] as const;

/** Characters that mean something in a URL, a module name or a shell. */
const FORBIDDEN_CHARACTER = /[\\:%?#*"<>|]/u;
/** Printable ASCII, and letters, marks and digits of any script; nothing that is invisible. */
const PRINTABLE = /^(?:(?!\p{Default_Ignorable_Code_Point})[\x20-\x7e\p{L}\p{M}\p{N}])*$/u;

/** Extension of a path with its dot, or an empty text. */
export const extensionOf = (path: string): string => /\.[a-z0-9]+$/i.exec(path)?.[0] ?? "";

/** Whether a path names code, as opposed to data. */
export const isCode = (path: string): boolean => (CODE_EXTENSIONS as readonly string[]).includes(extensionOf(path));

/**
 * Checks an upload's paths and texts and returns the files by path, in order, without byte order marks, and
 * their size in bytes of UTF-8. Refuses with `invalid`, or `too_large` past the limit on bytes.
 */
export function readFiles(files: Record<string, string>): { files: Map<string, string>; sizeBytes: number } {
  const entries = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) refuseOne("it has no files. Send `source`, or `files` with at least one path.");
  if (entries.length > FILES_PER_VERSION_MAX) {
    refuseOne(
      `it has ${entries.length} files and may have ${FILES_PER_VERSION_MAX}. Deploy with \`isola deploy\`, which bundles them into one.`,
    );
  }
  const sizeBytes = measure(entries.map(([, text]) => text));
  const issues: Issue[] = [];
  const seen = new Map<string, string>();
  for (const [path, text] of entries) {
    const reason = pathFault(path);
    if (reason !== null) {
      issues.push({ file: showPath(path), reason });
      continue;
    }
    const twin = seen.get(path.toLowerCase());
    if (twin !== undefined) {
      issues.push({ file: path, reason: `differs from ${twin} only in upper and lower case. Rename one of them.` });
    }
    seen.set(path.toLowerCase(), path);
    const fault = textFault(text);
    if (fault !== null) issues.push({ file: path, ...positionAt(text, fault.offset), reason: fault.reason });
  }
  if (issues.length > 0) refuse(issues);
  return { files: new Map(entries.map(([path, text]) => [path, withoutMark(text)])), sizeBytes };
}

/** Why a path cannot be a module's name; null when it can. */
function pathFault(path: string): string | null {
  if (path === "") return "is an empty path. Name the file.";
  if (path.length > FILE_PATH_LENGTH_MAX) return `is a path longer than ${FILE_PATH_LENGTH_MAX} characters.`;
  if (!PRINTABLE.test(path)) return "has a character in its path that cannot be seen or is no letter. Rename it.";
  if (path.includes("\\")) return "has a backslash in its path. Separate folders with /.";
  const forbidden = FORBIDDEN_CHARACTER.exec(path);
  if (forbidden !== null) return `has ${forbidden[0]} in its path. Rename it.`;
  if (path !== path.normalize("NFC")) return "has a path in decomposed Unicode. Normalise it to NFC.";
  if (path.startsWith("/")) return "begins with /. Paths are relative to the script's root.";
  for (const segment of path.split("/")) {
    if (segment === "") return "has an empty segment in its path. Write single slashes, none at the end.";
    if (segment === "." || segment === "..")
      return `has a "${segment}" segment. Write the path from the script's root.`;
    if (segment.startsWith(".")) return "has a segment that begins with a dot; those names belong to the platform.";
    if (segment !== segment.trim()) return "has a segment that begins or ends with a space.";
  }
  const extension = extensionOf(path);
  if ([...CODE_EXTENSIONS, ...DATA_EXTENSIONS].some((known) => known === extension)) return null;
  if (extension === ".cjs" || extension === ".cts")
    return "is CommonJS. Write an ES module, or deploy with `isola deploy`.";
  return `is of no kind that scripts use (${[...CODE_EXTENSIONS, ...DATA_EXTENSIONS].join(" ")}). Leave it out, or deploy with \`isola deploy\`.`;
}

function textFault(text: string): { offset: number; reason: string } | null {
  const nul = text.indexOf("\0");
  if (nul !== -1) return { offset: nul, reason: "is binary: it holds a NUL byte. Files are text." };
  const replaced = text.indexOf("\uFFFD");
  if (replaced !== -1) {
    const reason =
      "holds U+FFFD, which is left where bytes are not UTF-8. Save it as UTF-8; if you mean it, write \\uFFFD.";
    return { offset: replaced, reason };
  }
  if (text.isWellFormed()) return null;
  return { offset: text.search(/\p{Surrogate}/u), reason: "holds half of a surrogate pair. Save it as UTF-8." };
}

function measure(texts: string[]): number {
  const advice = "Leave out what the script does not need, or split it into several scripts.";
  const atLeast = texts.reduce((sum, text) => sum + text.length, 0);
  if (atLeast > SOURCE_BYTES_MAX) refuseSize("The files have", SOURCE_BYTES_MAX, atLeast, advice);
  const encoder = new TextEncoder();
  const bytes = texts.reduce((sum, text) => sum + encoder.encode(text).byteLength, 0);
  if (bytes > SOURCE_BYTES_MAX) refuseSize("The files have", SOURCE_BYTES_MAX, bytes, advice);
  return bytes;
}

/** A refused path as it may stand in a message: bounded, with what cannot be seen made visible. */
const showPath = (path: string): string =>
  path
    .slice(0, FILE_PATH_LENGTH_MAX)
    .toWellFormed()
    .replace(
      /[^\x20-\x7e\p{L}\p{N}]|\p{Default_Ignorable_Code_Point}/gu,
      (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
    );

const withoutMark = (text: string): string => (text.startsWith("\uFEFF") ? text.slice(1) : text);
