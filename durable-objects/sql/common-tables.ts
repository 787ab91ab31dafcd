import { SQL_REFERENCES_MAX } from "../../contracts/limits.ts";
import { invalidSql } from "./refusals.ts";
import { endOfBracket, isName, isSymbol, isWord, type Token } from "./tokens.ts";

/** The common table expressions that begin a statement. */
export interface CommonTables {
  names: ReadonlySet<string>;
  /** Where the statement goes on behind them. */
  end: number;
  /** The brackets of each: where they open, and the place behind them. */
  bodies: readonly { name: string; from: number; to: number }[];
  /** How often the tables of each are read, its own common tables written out; by name. */
  weights: ReadonlyMap<string, number>;
}

/**
 * Reads `WITH a AS (…), b (…) AS (…)`. Each may read those before it, and neither itself nor a later one: that would be
 * a recursion, of which nobody can tell in advance how long it takes.
 */
export function commonTables(tokens: readonly Token[]): CommonTables {
  const weights = new Map<string, number>();
  if (!isWord(tokens[0], "with")) return { names: new Set(), end: 0, bodies: [], weights };
  const bodies: { name: string; from: number; to: number }[] = [];
  let at = 0;
  do {
    const name = tokens[(at += 1)];
    if (!isName(name)) throw malformed();
    at += 1;
    if (isSymbol(tokens[at], "(")) at = endOfBracket(tokens, at);
    if (!isWord(tokens[at], "as")) throw malformed();
    at += 1;
    while (isWord(tokens[at], "not", "materialized")) at += 1;
    if (!isSymbol(tokens[at], "(")) throw malformed();
    const to = endOfBracket(tokens, at);
    bodies.push({ name: name.value, from: at, to });
    at = to;
  } while (isSymbol(tokens[at], ","));
  const names = new Set(bodies.map(({ name }) => name));
  for (const { name, from, to } of bodies) {
    weights.set(name, weightOf(tokens.slice(from, to), names, weights));
  }
  return { names, end: at, bodies, weights };
}

/** Throws `invalid` where common tables read one another so often that the statement would grow without bound. */
export function refuseManyReferences(tokens: readonly Token[], common: CommonTables): void {
  const total = weightOf(tokens.slice(common.end), common.names, common.weights);
  if (total <= SQL_REFERENCES_MAX) return;
  throw invalidSql(`its WITH tables are read ${total} times, one through another; ${SQL_REFERENCES_MAX} are the most`);
}

function weightOf(tokens: readonly Token[], names: ReadonlySet<string>, weights: ReadonlyMap<string, number>): number {
  let weight = 1;
  for (const { kind, value } of tokens) {
    const name = kind === "text" ? value.toLowerCase() : value;
    if (!names.has(name) || kind === "number" || kind === "symbol") continue;
    const read = weights.get(name);
    if (read === undefined)
      throw invalidSql(`${name} reads itself or a later table of its WITH, or has a column of its name`);
    weight += read;
  }
  return weight;
}

const malformed = (): Error => invalidSql("WITH goes `WITH name AS (SELECT …), … SELECT …`");
