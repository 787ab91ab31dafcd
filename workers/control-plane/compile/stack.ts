import type { z } from "zod";

import { STACK_LENGTH_MAX, STACK_LINES_MAX } from "../../../contracts/limits.ts";
import { mappingsAt, type Mapping } from "./mappings.ts";
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
  const isMain = ({ head, bracket }: Frame) => head.endsWith(`${bracket === "" ? " " : "("}${main}`);
  const origins = sourceMap === null ? null : readerOf(sourceMap);
  origins?.load([...frames.values()].filter((frame) => frame !== null && isMain(frame)) as Frame[]);

  const shown = lines.map((line) => {
    const frame = frames.get(line) ?? null;
    if (frame === null || origins === null || !isMain(frame)) return frame === null ? line : withoutColumn(line, frame);
    const origin = origins.find(frame);
    return origin === null ? line : `${frame.head.slice(0, -main.length)}${origin}${frame.bracket}`;
  });
  return shown.join("\n").slice(0, STACK_LENGTH_MAX);
}

/** The lines without the platform's frames and without those past the bound. */
function boundFrames(lines: string[]): string[] {
  let frames = 0;
  return lines.filter((line) => {
    if (!/^\s*at /.test(line)) return frames <= STACK_LINES_MAX;
    return !PLATFORM_FRAME.test(line) && ++frames <= STACK_LINES_MAX;
  });
}

function readFrame(text: string): Frame | null {
  if (!/^\s*at /.test(text)) return null;
  const [place, line, column, bracket] = PLACE.exec(text) ?? [];
  if (place === undefined || bracket === undefined) return null;
  return { head: text.slice(0, -place.length), line: Number(line), column: Number(column), bracket };
}

/** Taking types out keeps lines and moves columns; a column that may be wrong is worse than none. */
function withoutColumn(text: string, { head, line, bracket }: Frame): string {
  return /\.(?:m?ts|[jt]sx)$/.test(head) ? `${head}:${line}${bracket}` : text;
}

/** Answers where code of one bundle came from, and remembers it: the failures of a script are mostly the same few. */
class OriginReader {
  readonly text: string;
  readonly #map: z.infer<typeof sourceMapSchema> | null;
  readonly #origins = new Map<string, string | null>();

  constructor(text: string) {
    this.text = text;
    this.#map = parse(text);
  }

  /** Reads the map once for all the frames it has not been asked for yet. */
  load(frames: readonly Frame[]): void {
    const unknown = frames.filter((frame) => !this.#origins.has(keyOf(frame)));
    if (this.#map === null || unknown.length === 0) return;
    const places = unknown.map(({ line, column }) => ({ line: line - 1, column: column - 1 }));
    const found = mappingsAt(this.#map.mappings, places);
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

function parse(text: string): z.infer<typeof sourceMapSchema> | null {
  try {
    return sourceMapSchema.parse(JSON.parse(text));
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
