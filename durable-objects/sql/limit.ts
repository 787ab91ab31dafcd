import type { SqlValue } from "../../contracts/data/tools.ts";
import { SQL_ROWS_MAX } from "../../contracts/limits.ts";
import { invalidSql, tooManyRows } from "./refusals.ts";
import type { Statement } from "./statement.ts";
import { isSymbol, isWord } from "./tokens.ts";

/**
 * The text to run, which answers one row more than may be answered at most: a statement that is not read to its end
 * keeps its tables locked. Throws `over_budget` for a LIMIT of its own that is greater, `invalid` for one that is worked
 * out.
 */
export function limitedText(statement: Statement, parameters: readonly SqlValue[]): string {
  const { text, tokens, verb } = statement;
  if (verb !== "select") return text;
  let depth = 0;
  let place = 0;
  let limit: number | null = null;
  for (const [index, token] of tokens.entries()) {
    if (isSymbol(token, "(")) depth += 1;
    if (isSymbol(token, ")")) depth -= 1;
    const isLimit = isWord(token, "limit") || (limit !== null && isSymbol(token, ","));
    if (depth === 0 && isLimit) {
      const value = tokens[index + 1];
      const isPlain = value?.kind === "number" || value?.kind === "parameter";
      const next = tokens[index + 2];
      if (!isPlain || !(next === undefined || isSymbol(next, ",") || isWord(next, "offset"))) {
        throw invalidSql("LIMIT has to be a number or a parameter");
      }
      limit = Number(value.kind === "number" ? value.value : (parameters[place] ?? Number.NaN));
    }
    if (token.kind === "parameter") place += 1;
  }
  if (limit === null) return `${text}\nLIMIT ${SQL_ROWS_MAX + 1}`;
  if (limit >= 0 && limit <= SQL_ROWS_MAX) return text;
  throw tooManyRows();
}
