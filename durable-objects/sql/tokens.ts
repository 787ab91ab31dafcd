import { invalidSql } from "./refusals.ts";

/**
 * A piece of SQL. `name` is quoted, `word` is not; both have what they name in lower case. `text` has what it is
 * without its quotes.
 */
export interface Token {
  kind: "word" | "name" | "text" | "number" | "parameter" | "symbol";
  value: string;
  /** Where it begins. */
  at: number;
}

const BLANK = /[ \t\n\f\r]+/y;
const COMMENT = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /0[xX][0-9a-fA-F]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y;
const TEXT = /'(?:[^']|'')*'/y;
const NAME = /"[^"]*"|`[^`]*`|\[[^\]]*\]/y;
const PARAMETER = /\?(?![0-9])/y;
const SYMBOL = /->>|->|\|\||<<|>>|<=|>=|<>|==|!=|[-+*/%&|~<>=(),.;]/y;
const WORD_CHARACTER = /[A-Za-z0-9_$]/;
const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The tokens of a statement as SQLite reads it, without blanks and comments. Throws `invalid` for what is not there in
 * the part of SQL that is run here: names with other characters than letters, digits and `_`, and bytes in hexadecimal.
 */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const [found] = pattern.exec(sql) ?? [];
    if (found === undefined) return null;
    at += found.length;
    return found;
  };
  while (at < sql.length) {
    if (take(BLANK) !== null || take(COMMENT) !== null) continue;
    const from = at;
    tokens.push({ ...nextToken(take, sql[at] ?? ""), at: from });
    if (tokens.at(-1)?.kind === "number" && WORD_CHARACTER.test(sql[at] ?? "")) throw unreadable(sql[at] ?? "");
  }
  return tokens;
}

/** Whether it is one of these words, and not the same as a name in quotes. */
export function isWord(token: Token | undefined, ...values: string[]): boolean {
  return token?.kind === "word" && values.includes(token.value);
}

export function isSymbol(token: Token | undefined, ...values: string[]): boolean {
  return token?.kind === "symbol" && values.includes(token.value);
}

/** Whether it may name a table or a column. */
export function isName(token: Token | undefined): token is Token {
  return token?.kind === "word" || token?.kind === "name";
}

/** Where the bracket that opens here has ended: the place behind it. */
export function endOfBracket(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index += 1) {
    if (isSymbol(tokens[index], "(")) depth += 1;
    if (isSymbol(tokens[index], ")") && (depth -= 1) === 0) return index + 1;
  }
  return tokens.length;
}

function nextToken(take: (pattern: RegExp) => string | null, first: string): Omit<Token, "at"> {
  const word = take(WORD);
  if (word !== null) return { kind: "word", value: word.toLowerCase() };
  const number = take(NUMBER);
  if (number !== null) return { kind: "number", value: number };
  const text = take(TEXT);
  if (text !== null) return { kind: "text", value: text.slice(1, -1).replaceAll("''", "'") };
  const name = take(NAME);
  if (name !== null) return quotedName(name.slice(1, -1));
  if (take(PARAMETER) !== null) return { kind: "parameter", value: "?" };
  const symbol = take(SYMBOL);
  if (symbol !== null) return { kind: "symbol", value: symbol };
  throw unreadable(first);
}

function quotedName(name: string): Omit<Token, "at"> {
  if (PLAIN.test(name)) return { kind: "name", value: name.toLowerCase() };
  throw invalidSql(`the name ${JSON.stringify(name)} may have letters, digits and \`_\` only; texts stand in '…'`);
}

function unreadable(character: string): Error {
  const what = character === "'" || character === '"' ? `${character} without its end` : JSON.stringify(character);
  return invalidSql(`${what} is not understood here; parameters are \`?\`, one for each value`);
}
