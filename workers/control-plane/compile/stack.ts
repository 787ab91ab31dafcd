import { originalPositionFor, type TraceMap } from "@jridgewell/trace-mapping";

import { STACK_LENGTH_MAX, STACK_LINES_MAX } from "../../../contracts/limits.ts";
import { sourceMapSchema, traceMap } from "./source-map.ts";

/** A frame of the platform's own modules inside an isolate. */
const PLATFORM_FRAME = /[\s(]\.isola\/\S*$/;
/** Line, column and bracket at the end of a frame. */
const PLACE = /:(\d{1,9}):(\d{1,9})(\)?)$/;

/**
 * Puts a stack into the user's own files and lines and leaves the platform's frames out; what else is in it
 * stays. A tenant's code wrote it, so anything may come in: it never throws, and its result is bounded.
 */
export function mapStack(stack: string, sourceMap: string | null, main: string): string {
  const map = sourceMap === null ? null : readMap(sourceMap);
  const shown: string[] = [];
  let frames = 0;
  for (const line of stack.slice(0, STACK_LENGTH_MAX).split("\n")) {
    const isFrame = /^\s*at /.test(line);
    if (isFrame && frames === STACK_LINES_MAX) break;
    const mapped = isFrame ? mapFrame(line, map, main) : line;
    if (mapped === null) continue;
    if (isFrame) frames++;
    shown.push(mapped);
  }
  return shown.join("\n").slice(0, STACK_LENGTH_MAX);
}

function mapFrame(frame: string, map: TraceMap | null, main: string): string | null {
  const [place, line, column, bracket] = PLACE.exec(frame) ?? [];
  if (place === undefined || bracket === undefined) return frame;
  const head = frame.slice(0, -place.length);
  if (PLATFORM_FRAME.test(head)) return null;
  if (map !== null && head.endsWith(`${bracket === "" ? " " : "("}${main}`)) {
    const original = trace(map, Number(line), Number(column));
    return original === null ? frame : `${head.slice(0, -main.length)}${original}${bracket}`;
  }
  // Taking types out keeps lines and moves columns; a column that may be wrong is worse than none.
  return /\.(?:m?ts|[jt]sx)$/.test(head) ? `${head}:${line}${bracket}` : frame;
}

function trace(map: TraceMap, line: number, column: number): string | null {
  try {
    const found = originalPositionFor(map, { line, column: Math.max(0, column - 1) });
    return found.source === null ? null : `${found.source}:${found.line}:${found.column + 1}`;
  } catch {
    return null;
  }
}

/** The map read last: a page of executions shows many stacks of one version. */
let latest: { text: string; map: TraceMap | null } | null = null;

function readMap(text: string): TraceMap | null {
  if (latest?.text === text) return latest.map;
  let map: TraceMap | null = null;
  try {
    map = traceMap(sourceMapSchema.parse(JSON.parse(text)));
  } catch {
    // Stacks then stay as they are.
  }
  latest = { text, map };
  return map;
}
