import type { SqlValue } from "../../contracts/data/tools.ts";
import { isSymbol, type Token } from "./tokens.ts";
import { bytesOf } from "./values.ts";
import { TABLE_FUNCTIONS } from "./words.ts";

/** What the calls of `json_each` and `json_tree` in a statement answer at most. */
export interface JsonTables {
  /** Rows of the biggest. */
  rows: number;
  /** Bytes of the longest JSON that is given to one, and to nothing else. */
  bytes: number;
  /** Places of the parameters that only they get. */
  parameters: ReadonlySet<number>;
}

/**
 * Reads how long JSON tables are off the parameters that are given to them, for JSON has a comma or a bracket for each
 * of its values.
 *
 * @param longestBytes Of any other value that may be given to one.
 */
export function jsonTables(tokens: readonly Token[], values: readonly SqlValue[], longestBytes: number): JsonTables {
  const parameters = new Set<number>();
  let rows = 0;
  let bytes = 0;
  let place = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.kind === "parameter") place += 1;
    if (token.kind === "symbol" || token.kind === "text" || !TABLE_FUNCTIONS.has(token.value)) continue;
    const isParameter = isSymbol(tokens[index + 1], "(") && tokens[index + 2]?.kind === "parameter";
    if (!isParameter || !isSymbol(tokens[index + 3], ")")) {
      rows = Math.max(rows, longestBytes);
      continue;
    }
    const text = String(values[place] ?? "");
    rows = Math.max(rows, 1 + (text.match(/[,[{]/g)?.length ?? 0));
    bytes = Math.max(bytes, bytesOf(text));
    parameters.add(place);
  }
  return { rows, bytes, parameters };
}
