import * as z from "zod";

import { mappingsAt, type Place } from "../mappings.ts";

/** A piece of a module that the compiler replaced, as offsets of the code before; equal where something only went in. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** Where the tables of moved columns stand in a stored source map, which allows fields of its reader's own. */
const FIELD = "x_isola_columns";
const tablesSchema = z.object({ [FIELD]: z.record(z.string(), z.string()) });
const LINE_END = /\r\n|[\n\r\u2028\u2029]/g;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * How edits that keep lines have moved columns: mappings of a source map, from which on the column is as far from the
 * mapping's as in the code before; what has a name is the platform's own and stands where its mapping says.
 * @param edits in order; none overlaps another.
 */
export function columnsOf(code: string, edits: readonly Edit[]): string {
  let text = "";
  let line = 0;
  let lineStart = 0;
  let shift = 0;
  let lastGenerated = 0;
  let lastLine = 0;
  let lastColumn = 0;
  const put = (generated: number, column: number, own: boolean): void => {
    const separator = text === "" || text.endsWith(";") ? "" : ",";
    const numbers = [generated - lastGenerated, 0, line - lastLine, column - lastColumn];
    text += separator + numbers.map(encoded).join("") + (own ? encoded(0) : "");
    [lastGenerated, lastLine, lastColumn] = [generated, line, column];
  };
  const lineEnds = code.matchAll(LINE_END);
  let next = lineEnds.next();
  for (const { start, end, text: inserted } of edits) {
    while (!next.done && next.value.index < start) {
      text += ";";
      line++;
      lineStart = next.value.index + next.value[0].length;
      shift = lastGenerated = 0;
      next = lineEnds.next();
    }
    put(start - lineStart + shift, start - lineStart, true);
    shift += inserted.length - (end - start);
    put(end - lineStart + shift, end - lineStart, false);
  }
  return text;
}

function encoded(value: number): string {
  let rest = value < 0 ? -value * 2 + 1 : value * 2;
  let text = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? digit + 32 : digit];
  } while (rest > 0);
  return text;
}

/** A source map (JSON text) that tells of moved columns, too; by path. */
export function withColumns(sourceMap: string | null, tables: Readonly<Record<string, string>>): string | null {
  if (Object.keys(tables).length === 0) return sourceMap;
  const map: unknown =
    sourceMap === null ? { version: 3, sources: [], names: [], mappings: "" } : JSON.parse(sourceMap);
  return JSON.stringify({ ...(map as object), [FIELD]: tables });
}

/** Finds the columns that code had before it was edited. */
export class Columns {
  readonly #tables: ReadonlyMap<string, string>;

  constructor(tables: Readonly<Record<string, string>>) {
    this.#tables = new Map(Object.entries(tables));
  }

  /** Paths of the modules whose columns moved. */
  get paths(): string[] {
    return [...this.#tables.keys()];
  }

  /** The columns of places (all counted from 0) before the edits, in one pass. */
  before(path: string, places: readonly Place[]): number[] {
    const found = mappingsAt(this.#tables.get(path) ?? "", places);
    return places.map(({ column }, index) => {
      const mapping = found[index];
      if (mapping == null) return column;
      return mapping.name === null ? mapping.column + column - mapping.generatedColumn : mapping.column;
    });
  }
}

/** The tables of a stored source map (as JSON), be it what it may. */
export function columnsIn(sourceMap: unknown): Columns {
  const parsed = tablesSchema.safeParse(sourceMap);
  return new Columns(parsed.success ? parsed.data[FIELD] : {});
}
