import type { z } from "zod";

import { STACK_LENGTH_MAX, STACK_LINES_MAX } from "../../../contracts/limits.ts";
import { columnsIn, type Columns } from "./instrument/columns.ts";
import { mappingsAt, type Mapping, type Place } from "./mappings.ts";
import { sourceMapSchema } from "./source-map.ts";

/** A frame of the platform's own modules inside an isolate. */
const PLATFORM_FRAME = /[\s(]\.isola\/\S*$/;
/** Line, column and bracket at the end of a frame. */
const PLACE = /:(\d{1,9}):(\d{1,9})(\)?)$/;

/** A frame of a stack, as the engine writes it: `    at name (file:line:column)`, or without name and brackets. */
interface Frame {
  /** All before `:line:column`. */
  head: string;
  line: number;
  column: number;
  bracket: string;
}

/**
 * Puts a stack into the user's own files and lines and leaves the platform's frames out; what else is in it
 * stays. A tenant's code wrote it, so anything may come in: it never throws, and its result is bounded.
 */
export function mapStack(stack: string, sourceMap: string | null, main: string): string {
  const lines = boundFrames(stack.slice(0, STACK_LENGTH_MAX).split("\n"));
  const frames = new Map(lines.map((line) => [line, readFrame(line)]));
  const isIn = ({ head, bracket }: Frame, path: string) => head.endsWith(`${bracket === "" ? " " : "("}${path}`);
  const isMain = (frame: Frame) => isIn(frame, main);
  const origins = sourceMap === null ? null : readerOf(sourceMap);
  for (const path of origins?.columns.paths ?? []) {
    const own = [...frames.values()].filter((frame) => frame !== null && isIn(frame, path)) as Frame[];
    const columns = origins?.columns.before(path, own.map(placeOf));
    for (const [index, frame] of own.entries()) frame.column = (columns?.[index] ?? 0) + 1;
  }
  origins?.load([...frames.values()].filter((frame) => frame !== null && isMain(frame)) as Frame[]);

  const shown = lines.map((line) => {
    const frame = frames.get(line) ?? null;
    if (frame === null || origins === null || !isMain(frame)) return frame === null ? line : shownAt(frame);
    const origin = origins.find(frame);
    return origin === null ? shownAt(frame) : `${frame.head.slice(0, -main.length)}${origin}${frame.bracket}`;
  });
  return shown.join("\n").slice(0, STACK_LENGTH_MAX);
}

/** The lines without the platform's frames and without those past the bound. */
function boundFrames(lines: string[]): string[] {
  let frames = 0;
  return lines.filter((line, index) => {
    if (!/^\s*at /.test(line)) return frames <= STACK_LINES_MAX;
    // What a frame of the platform's called of the engine's is the platform's too.
    const isPlatforms = PLATFORM_FRAME.test(line) || (isNative(line) && PLATFORM_FRAME.test(lines[index + 1] ?? ""));
    return !isPlatforms && ++frames <= STACK_LINES_MAX;
  });
}

const isNative = (line: string): boolean => line.endsWith("(<anonymous>)");

function readFrame(text: string): Frame | null {
  if (!/^\s*at /.test(text)) return null;
  const [place, line, column, bracket] = PLACE.exec(text) ?? [];
  if (place === undefined || bracket === undefined) return null;
  return { head: text.slice(0, -place.length), line: Number(line), column: Number(column), bracket };
}

/** Taking types out keeps lines and moves columns; a column that may be wrong is worse than none. */
function shownAt({ head, line, column, bracket }: Frame): string {
  const moved = /\.(?:m?ts|[jt]sx)$/.test(head);
  return `${head}:${line}${moved ? "" : `:${column}`}${bracket}`;
}

/** Answers where code of one bundle came from, and remembers it: the failures of a script are mostly the same few. */
class OriginReader {
  readonly text: string;
  readonly columns: Columns;
  readonly #map: z.infer<typeof sourceMapSchema> | null;
  readonly #origins = new Map<string, string | null>();

  constructor(text: string) {
    this.text = text;
    const json = parse(text);
    this.columns = columnsIn(json);
    this.#map = sourceMapSchema.safeParse(json).data ?? null;
  }

  /** Reads the map once for all the frames it has not been asked for yet. */
  load(frames: readonly Frame[]): void {
    const unknown = frames.filter((frame) => !this.#origins.has(keyOf(frame)));
    if (this.#map === null || unknown.length === 0) return;
    const found = mappingsAt(this.#map.mappings, unknown.map(placeOf));
    for (const [index, frame] of unknown.entries()) this.#origins.set(keyOf(frame), this.#show(found[index] ?? null));
  }

  find(frame: Frame): string | null {
    return this.#origins.get(keyOf(frame)) ?? null;
  }

  #show(mapping: Mapping | null): string | null {
    if (mapping?.source == null || this.#map === null) return null;
    const source = this.#map.sources[mapping.source];
    const root = this.#map.sourceRoot ? `${this.#map.sourceRoot.replace(/\/$/, "")}/` : "";
    return source == null ? null : `${root}${source}:${mapping.line + 1}:${mapping.column + 1}`;
  }
}

const keyOf = ({ line, column }: Frame): string => `${line}:${column}`;
const placeOf = ({ line, column }: Frame): Place => ({ line: line - 1, column: column - 1 });

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The reader used last, for a page of executions shows many stacks of one version. Held weakly: a map can be large. */
let latest: WeakRef<OriginReader> | null = null;

function readerOf(text: string): OriginReader {
  const known = latest?.deref();
  if (known?.text === text) return known;
  const reader = new OriginReader(text);
  latest = new WeakRef(reader);
  return reader;
}
