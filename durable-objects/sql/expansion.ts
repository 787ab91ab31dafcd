import { SQL_EXPANDED_TOKENS_MAX } from "../../contracts/limits.ts";
import type { CommonTables } from "./common-tables.ts";
import { invalidSql } from "./refusals.ts";
import { endOfBracket, isName, isSymbol, isWord, type Token } from "./tokens.ts";

/** How big a query is once SQLite has put the columns of inner queries in the place of their names, in tokens. */
interface Expansion {
  all: number;
  /** Its biggest column. */
  column: number;
}

const AFTER_COLUMNS = [
  "from",
  "where",
  "group",
  "having",
  "order",
  "limit",
  "union",
  "except",
  "intersect",
  "returning",
];

/**
 * Tokens of a statement when its inner queries are written out: a column that is made of two of an inner query, and so
 * on, doubles with each level. Throws `invalid` where that is beyond its bound.
 */
export function expandedTokens(tokens: readonly Token[], common: CommonTables): number {
  const columns = new Map<string, number>();
  let all = 0;
  for (const { name, from, to } of common.bodies) {
    const expansion = expansionOf(tokens.slice(from + 1, to - 1), columns);
    columns.set(name, expansion.column);
    all += expansion.all * (common.weights.get(name) ?? 1);
  }
  all += expansionOf(tokens.slice(common.end), columns).all;
  if (all <= SQL_EXPANDED_TOKENS_MAX) return all;
  throw invalidSql(
    "its inner queries build on one another until it has more than " +
      `${SQL_EXPANDED_TOKENS_MAX.toLocaleString("en")} words; take several statements`,
  );
}

function expansionOf(tokens: readonly Token[], columns: ReadonlyMap<string, number>): Expansion {
  const inner = innerQueries(tokens, columns);
  const read = tokens.filter((_, index) => !inner.some(({ from, to }) => index > from && index < to));
  const readColumns = read.map(({ kind, value }) => (kind === "symbol" ? 0 : (columns.get(value.toLowerCase()) ?? 0)));
  const factor = Math.max(1, ...inner.map(({ column }) => column), ...readColumns);
  let all = 0;
  let column = 0;
  let widest = 1;
  let isColumn = false;
  let depth = 0;
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    const query = inner.find(({ from }) => from === index);
    if (isSymbol(token, "(")) depth += 1;
    if (isSymbol(token, ")")) depth -= 1;
    const isEnd = depth === 0 && isWord(token, ...AFTER_COLUMNS);
    if (isWord(token, "select") || isEnd || (depth === 0 && isSymbol(token, ","))) column = 0;
    if (isWord(token, "select")) isColumn = true;
    if (isEnd) isColumn = false;
    const isReplaced = isName(token) && !isWord(tokens[index - 1], "as");
    const size = (isReplaced || isSymbol(token, "*") ? factor : 1) + (query?.all ?? 0);
    all += size;
    column += size;
    if (isColumn) widest = Math.max(widest, column);
    if (query === undefined) continue;
    index = query.to - 1;
    depth -= 1;
  }
  return { all, column: widest };
}

/** The queries in brackets that stand right in this one, by the places of their brackets. */
function innerQueries(
  tokens: readonly Token[],
  columns: ReadonlyMap<string, number>,
): (Expansion & { from: number; to: number })[] {
  const queries: (Expansion & { from: number; to: number })[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    if (!isSymbol(tokens[index], "(") || !isWord(tokens[index + 1], "select", "values")) continue;
    const to = endOfBracket(tokens, index);
    queries.push({ from: index, to, ...expansionOf(tokens.slice(index + 1, to - 1), columns) });
    index = to - 1;
  }
  return queries;
}
