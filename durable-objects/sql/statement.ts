import { SQL_DEPTH_MAX, SQL_SELECTS_MAX, SQL_TEXT_LENGTH_MAX } from "../../contracts/limits.ts";
import { expandedTokens } from "./expansion.ts";
import { invalidSql } from "./refusals.ts";
import { endOfBracket, isName, isSymbol, isWord, type Token, tokensOf } from "./tokens.ts";
import {
  BEFORE_BRACKET,
  BEFORE_TEXT,
  FUNCTIONS,
  GROWING_AGGREGATES,
  GROWING_FUNCTIONS,
  REFUSED_WORDS,
  UNARY_FUNCTIONS,
} from "./words.ts";
import { commonTables, refuseManyReferences } from "./common-tables.ts";

type Verb = "select" | "insert" | "replace" | "update" | "delete" | "create" | "alter" | "drop" | "values";

/** A statement that has been read and found to be of the kind that is run here. */
export interface Statement {
  /** As it was written, without semicolons behind it. */
  text: string;
  tokens: readonly Token[];
  /** Its tokens when its inner queries are written out. */
  size: number;
  verb: Verb;
  /** The table that it writes to, or makes, changes, drops or indexes; null for one that only reads. */
  target: string | null;
  /** Names of its common table expressions. */
  commonTables: ReadonlySet<string>;
}

const VERBS = ["select", "insert", "replace", "update", "delete", "create", "alter", "drop", "values"] as const;
const RESERVED = /^(?:sqlite_|_cf_|pragma_)/;

/**
 * Reads one statement and refuses what is not run here, as `invalid`. What passes cannot change what a statement costs
 * beyond what its plan shows: no trigger, no foreign key, no generated column, no recursion, no unknown function.
 */
export function readStatement(sql: string): Statement {
  if (sql.length > SQL_TEXT_LENGTH_MAX) throw invalidSql(`it has more than ${SQL_TEXT_LENGTH_MAX} characters`);
  if (sql.includes("\0")) throw invalidSql("there is a zero byte in it");
  const tokens = tokensOf(sql);
  let end = sql.length;
  while (isSymbol(tokens.at(-1), ";")) end = tokens.pop()?.at ?? end;
  if (tokens.length === 0) throw invalidSql("there is no statement in it");
  if (tokens.some((token) => isSymbol(token, ";"))) throw invalidSql("give one statement at a time, as a list");
  refuseDepth(tokens);
  const common = commonTables(tokens);
  const verb = verbOf(tokens, common.end);
  refuseWords(tokens);
  refuseBrackets(tokens, verb, common.names);
  refuseManyReferences(tokens, common);
  if (verb === "create" || verb === "alter" || verb === "drop") refuseDefinition(tokens, verb);
  const target = targetOf(tokens, verb, common.end);
  if (target !== null) refuseGrowth(tokens, verb);
  return {
    text: sql.slice(0, end),
    tokens,
    size: expandedTokens(tokens, common),
    verb,
    target,
    commonTables: common.names,
  };
}

function verbOf(tokens: readonly Token[], at: number): Verb {
  const verb = VERBS.find((verb) => isWord(tokens[at], verb));
  if (verb !== undefined && (at === 0 || !["create", "alter", "drop"].includes(verb))) return verb;
  const named = tokens[at] === undefined ? "nothing" : JSON.stringify(tokens[at].value);
  throw invalidSql(
    `it begins with ${named}; there are SELECT, INSERT, UPDATE, DELETE, REPLACE, CREATE, ALTER and DROP`,
  );
}

function refuseWords(tokens: readonly Token[]): void {
  let selects = 0;
  for (const [index, token] of tokens.entries()) {
    const { kind, value } = token;
    const before = tokens[index - 1];
    if (kind === "word" && REFUSED_WORDS.has(value)) {
      throw invalidSql(`${value.toUpperCase()} is not run here; where it is a name, put it in "…"`);
    }
    if ((isName(token) || kind === "text") && RESERVED.test(value.toLowerCase())) {
      throw invalidSql(
        `names that begin with ${JSON.stringify(value.slice(0, value.indexOf("_", 1) + 1))} are reserved`,
      );
    }
    if (kind === "text" && (before?.kind === "symbol" ? isSymbol(before, ")", ".") : !isWordOf(before, BEFORE_TEXT))) {
      throw invalidSql(`the text ${JSON.stringify(value.slice(0, 40))} stands in the place of a name`);
    }
    if (isWord(token, "with") && index > 0) throw invalidSql("WITH may only begin a statement");
    if (isWord(token, "select") && (selects += 1) > SQL_SELECTS_MAX) {
      throw invalidSql(`it has more than ${SQL_SELECTS_MAX} SELECTs; take several statements`);
    }
  }
}

function refuseDepth(tokens: readonly Token[]): void {
  let depth = 0;
  for (const token of tokens) {
    if (isSymbol(token, ")")) depth -= 1;
    if (!isSymbol(token, "(")) continue;
    depth += 1;
    if (depth > SQL_DEPTH_MAX) throw invalidSql(`it has more than ${SQL_DEPTH_MAX} brackets inside one another`);
  }
}

function refuseBrackets(tokens: readonly Token[], verb: Verb, commonTables: ReadonlySet<string>): void {
  if (verb === "create" || verb === "alter" || verb === "drop") return;
  for (const [index, token] of tokens.entries()) {
    if (!isName(token) || !isSymbol(tokens[index + 1], "(")) continue;
    if (isWordOf(token, BEFORE_BRACKET) || isWord(tokens[index - 1], "into")) continue;
    if (commonTables.has(token.value) && isWord(tokens[endOfBracket(tokens, index + 1)], "as")) continue;
    if (!FUNCTIONS.has(token.value)) {
      throw invalidSql(`there is no function ${token.value} here; work it out in the script`);
    }
    if (UNARY_FUNCTIONS.has(token.value) && hasTopComma(tokens, index + 1)) {
      throw invalidSql(`${token.value} takes one argument here`);
    }
  }
}

/** Definitions are of plain columns: nothing in them is worked out when rows are written. */
function refuseDefinition(tokens: readonly Token[], verb: Verb): void {
  const created = tokens.find((token, index) => index > 0 && isWord(token, "table", "index"));
  if (created === undefined) throw invalidSql("tables and indexes are what can be created, altered and dropped here");
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    if (isWord(token, "as", "select", "where"))
      throw invalidSql(`${token.value.toUpperCase()} has no place in it here`);
    if (isWord(token, "default") && isSymbol(next, "(")) throw invalidSql("a default has to be a plain value");
  }
  if (verb !== "create" || !isWord(created, "index")) return;
  const columns = tokens.slice(tokens.findIndex((token) => isSymbol(token, "(")) + 1, -1);
  if (columns.every((token) => isName(token) || isSymbol(token, ","))) return;
  throw invalidSql("an index is of columns, as they are");
}

/** What is written is no longer than what was given or stored, so that no value grows beyond its bound by and by. */
function refuseGrowth(tokens: readonly Token[], verb: Verb): void {
  if (verb === "create" || verb === "alter" || verb === "drop") return;
  const growing = tokens.find(
    (token, index) =>
      isSymbol(token, "||") ||
      (isSymbol(tokens[index + 1], "(") && (GROWING_FUNCTIONS.has(token.value) || GROWING_AGGREGATES.has(token.value))),
  );
  if (growing === undefined) return;
  throw invalidSql(
    `${growing.value} makes longer texts, which a statement that writes must not; make them in the script`,
  );
}

function targetOf(tokens: readonly Token[], verb: Verb, at: number): string | null {
  if (verb === "select" || verb === "values") return null;
  const marker = { insert: "into", replace: "into", update: "update", delete: "from", alter: "table" } as const;
  let index: number;
  if (verb === "create" || verb === "drop") {
    const indexed = verb === "create" && tokens.slice(0, 3).some((token) => isWord(token, "index"));
    index = tokens.findIndex((token) => isWord(token, indexed ? "on" : "table", indexed ? "on" : "index")) + 1;
    while (isWord(tokens[index], "if", "not", "exists")) index += 1;
  } else {
    index = tokens.findIndex((token, place) => place >= at && isWord(token, marker[verb])) + 1;
    if (verb === "update" && isWord(tokens[index], "or")) index += 2;
  }
  const target = tokens[index];
  if (isName(target) && !isSymbol(tokens[index + 1], ".")) return target.value;
  throw invalidSql("it does not say which table, by its plain name");
}

function hasTopComma(tokens: readonly Token[], open: number): boolean {
  let depth = 0;
  for (let index = open; index < endOfBracket(tokens, open); index += 1) {
    if (isSymbol(tokens[index], "(")) depth += 1;
    if (isSymbol(tokens[index], ")")) depth -= 1;
    if (depth === 1 && isSymbol(tokens[index], ",")) return true;
  }
  return false;
}

const isWordOf = (token: Token | undefined, words: ReadonlySet<string>): boolean =>
  token?.kind === "word" && words.has(token.value);
