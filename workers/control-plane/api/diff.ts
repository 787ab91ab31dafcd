import { FILE_HEADERS_ONLY, formatPatch, structuredPatch, type StructuredPatch } from "diff";
import type { z } from "zod";

import type { fileDiffSchema } from "../../../contracts/api/scripts.ts";
import {
  DIFF_EDITS_MAX,
  DIFF_EDITS_PER_FILE_MAX,
  DIFF_FILE_LENGTH_MAX,
  DIFF_LENGTH_MAX,
} from "../../../contracts/limits.ts";

export type FileDiff = z.output<typeof fileDiffSchema>;
type Files = Readonly<Record<string, string>>;

/** Lines shown around a change. */
const CONTEXT_LINES = 3;
/** A line that nobody reads, in characters: that of a bundle or of data. */
const LINE_LENGTH_MAX = 2_000;
const TOO_LARGE = "too large to show";

/** What changed from some files to others, by path. Bounded: what is too large is counted and not shown. */
export function diffFiles(from: Files, to: Files): FileDiff[] {
  const paths = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  let room = DIFF_LENGTH_MAX;
  let edits = DIFF_EDITS_MAX;
  return paths.map((path) => {
    const allowed = Math.min(edits, DIFF_EDITS_PER_FILE_MAX);
    const file = diffFile(path, textOf(from, path), textOf(to, path), allowed);
    // What was given up has cost as much as it was allowed.
    edits -= file.note === null ? file.added + file.removed : allowed;
    const length = file.diff?.length ?? 0;
    if (length > room) return { ...file, diff: null, note: TOO_LARGE };
    room -= length;
    return file;
  });
}

function diffFile(path: string, from: string | null, to: string | null, edits: number): FileDiff {
  const change = from === null ? "added" : to === null ? "removed" : from === to ? "unchanged" : "changed";
  if (change === "unchanged") return { path, change, added: 0, removed: 0, diff: null, note: null };
  const patch = isReadable(from) && isReadable(to) ? patchOf(path, from, to, edits) : null;
  if (patch === null) {
    return { path, change, added: lineCount(to), removed: lineCount(from), diff: null, note: TOO_LARGE };
  }
  const lines = patch.hunks.flatMap((hunk) => hunk.lines);
  const count = (sign: string): number => lines.filter((line) => line.startsWith(sign)).length;
  const diff = formatPatch(patch, FILE_HEADERS_ONLY);
  return { path, change, added: count("+"), removed: count("-"), diff, note: null };
}

/** The difference; null where it would take too long to work out. */
function patchOf(path: string, from: string | null, to: string | null, edits: number): StructuredPatch | null {
  const options = { context: CONTEXT_LINES, maxEditLength: edits };
  const [before, after] = [from === null ? "/dev/null" : `a/${path}`, to === null ? "/dev/null" : `b/${path}`];
  return structuredPatch(before, after, from ?? "", to ?? "", undefined, undefined, options) ?? null;
}

function isReadable(text: string | null): boolean {
  if (text === null) return true;
  return text.length <= DIFF_FILE_LENGTH_MAX && text.split("\n").every((line) => line.length <= LINE_LENGTH_MAX);
}

const textOf = (files: Files, path: string): string | null => (Object.hasOwn(files, path) ? (files[path] ?? "") : null);

const lineCount = (text: string | null): number =>
  text === null || text === "" ? 0 : text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
