import { originalPositionFor, TraceMap, type EncodedSourceMap } from "@jridgewell/trace-mapping";
import { transform } from "sucrase";
import { parse } from "sucrase/dist/esm/parser/index.js";

import { TYPESCRIPT_FILE_LENGTH_MAX } from "../../../contracts/limits.ts";
import { Fault, syntaxFault } from "./fault.ts";
import { MeteredText, TooManyReads } from "./metered-text.ts";
import { TokenList } from "./token-list.ts";

/** JavaScript made from TypeScript or JSX, line by line: line n of one is line n of the other. */
export interface Erased {
  code: string;
  /** Source map (v3) from the code to the source. */
  map: EncodedSourceMap;
  /** Offset in the source of what stands at an offset in the code. */
  toSource(offset: number): number;
}

/**
 * Takes the types out of a source and turns JSX into calls.
 * @throws {Fault} where the source cannot be read, or says what would silently be lost or mistaken.
 */
export function eraseTypes(path: string, source: string, dialect: { types: boolean; jsx: boolean }): Erased {
  if (source.length > TYPESCRIPT_FILE_LENGTH_MAX) {
    const reason = `is longer than ${TYPESCRIPT_FILE_LENGTH_MAX} characters.`;
    throw new Fault(0, `${reason} Deploy with \`isola deploy\`, which makes JavaScript of it first.`);
  }
  const { stops, jsx } = inspect(source, dialect);
  const stopped = insertSemicolons(source, stops);
  const { code, sourceMap } = guarded(source, () =>
    transform(stopped, {
      transforms: [...(dialect.types ? (["typescript"] as const) : []), ...(dialect.jsx ? (["jsx"] as const) : [])],
      disableESTransforms: true,
      production: true,
      filePath: path,
      sourceMapOptions: { compiledFilename: path },
      ...jsx,
    }),
  );
  const map = sourceMap as unknown as EncodedSourceMap;
  return { code, map, toSource: offsetMapper(code, stopped, stops, map) };
}

/**
 * What the compiler must be told of a source. Reading the tokens is the one step whose cost could get out of hand, so it is
 * metered; they are gone when this returns, since they take a hundred times the room of the source.
 */
function inspect(source: string, dialect: { types: boolean; jsx: boolean }) {
  // The parser takes anything that reads like a string.
  const metered = new MeteredText(source) as unknown as string;
  const tokens = guarded(source, () => parse(metered, dialect.jsx, dialect.types, false).tokens);
  const list = new TokenList(source, tokens);
  list.refuseWhatWouldBeLost();
  return { stops: list.semicolonsToAdd(), jsx: dialect.jsx ? list.jsxNames() : {} };
}

function guarded<T>(source: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof TooManyReads) {
      throw new Fault(0, "nests arrow functions or type arguments too deeply to be read. Name the inner ones.");
    }
    if (error instanceof RangeError) throw new Fault(0, "is nested too deeply. Divide it into smaller parts.");
    const { message = "", pos = 0 } = error as { message?: string; pos?: number };
    const said = message.replace(/^Error transforming [^]*?: /, "");
    throw syntaxFault(source, Math.min(pos, source.length), said === "" ? "cannot be read" : said);
  }
}

function insertSemicolons(source: string, offsets: readonly number[]): string {
  let text = "";
  let from = 0;
  for (const offset of offsets) {
    text += `${source.slice(from, offset)};`;
    from = offset;
  }
  return text + source.slice(from);
}

/** Lines are those between line feeds here, as the compiler counts them. */
function offsetMapper(code: string, stopped: string, stops: readonly number[], map: EncodedSourceMap) {
  return (offset: number): number => {
    const before = code.slice(0, offset).split("\n");
    const found = originalPositionFor(new TraceMap(map), {
      line: before.length,
      column: before.at(-1)?.length ?? 0,
    });
    let lineStart = 0;
    for (let line = 1; line < (found.line ?? before.length); line++) lineStart = stopped.indexOf("\n", lineStart) + 1;
    const inStopped = lineStart + (found.column ?? 0);
    return inStopped - stops.filter((stop, index) => stop + index < inStopped).length;
  };
}
