/** One mapping of a source map: a place in the generated file and the place it came from, all counted from 0. */
export interface Mapping {
  generatedLine: number;
  generatedColumn: number;
  /** Index among the map's sources; null where the code came from nowhere. */
  source: number | null;
  line: number;
  column: number;
  /** Index among the map's names; null where there is none. */
  name: number | null;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Map(DIGITS.split("").map((digit, value) => [digit.charCodeAt(0), value]));
const COMMA = 44;
const SEMICOLON = 59;
/** Digits of five bits that a number of 32 bits takes. */
const DIGITS_MAX = 7;

/**
 * Goes through the mappings of a source map (v3), with the same object for each, until `visit` returns true. Nothing is
 * kept: the decoded map of a bundle takes fifty times the room of its text, more than a Worker has.
 * Returns false at what is no mapping.
 */
export function walkMappings(text: string, visit: (mapping: Mapping) => boolean): boolean {
  const mapping: Mapping = { generatedLine: 0, generatedColumn: 0, source: null, line: 0, column: 0, name: null };
  const numbers = [0, 0, 0, 0, 0];
  let source = 0;
  let name = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === SEMICOLON) {
      mapping.generatedLine++;
      mapping.generatedColumn = 0;
    }
    if (code === SEMICOLON || code === COMMA) continue;
    const { end, count } = readNumbers(text, index, numbers);
    if (count !== 1 && count !== 4 && count !== 5) return false;
    index = end - 1;
    mapping.generatedColumn += numbers[0] ?? 0;
    if (count > 1) {
      source += numbers[1] ?? 0;
      mapping.line += numbers[2] ?? 0;
      mapping.column += numbers[3] ?? 0;
    }
    if (count > 4) name += numbers[4] ?? 0;
    mapping.source = count > 1 ? source : null;
    mapping.name = count > 4 ? name : null;
    if (visit(mapping)) return true;
  }
  return true;
}

/** A place in the generated file, counted from 0. */
export interface Place {
  line: number;
  column: number;
}

/**
 * For each place the mapping in force there, the last one at or before it in its line; null where there is none. One pass
 * over the text, however many places.
 */
export function mappingsAt(text: string, places: readonly Place[]): (Mapping | null)[] {
  const found: (Mapping | null)[] = places.map(() => null);
  const byLine = Map.groupBy(places.keys(), (index) => places[index]?.line ?? -1);
  const lastLine = Math.max(-1, ...byLine.keys());
  walkMappings(text, (mapping) => {
    if (mapping.generatedLine > lastLine) return true;
    for (const index of byLine.get(mapping.generatedLine) ?? []) {
      if (mapping.generatedColumn <= (places[index]?.column ?? -1)) found[index] = { ...mapping };
    }
    return false;
  });
  return found;
}

/** Reads the numbers up to the next separator into `numbers`; a count of 0 says that they are none. */
function readNumbers(text: string, start: number, numbers: number[]): { end: number; count: number } {
  let count = 0;
  let value = 0;
  let digits = 0;
  let index = start;
  for (; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === COMMA || code === SEMICOLON) break;
    const digit = VALUES.get(code);
    if (digit === undefined || digits === DIGITS_MAX || count === numbers.length) return { end: index, count: 0 };
    value += (digit & 31) * 32 ** digits++;
    if (digit & 32) continue;
    const magnitude = Math.floor(value / 2);
    numbers[count++] = value % 2 === 1 ? -magnitude : magnitude;
    value = 0;
    digits = 0;
  }
  return { end: index, count: digits === 0 ? count : 0 };
}
