import type { SqlValue } from "../../contracts/data/tools.ts";
import { type JsonTables, jsonTables } from "./json-tables.ts";
import { costOfPlan, isJsonOnly, type PlanRow } from "./plan.ts";
import { indexCount, type Schema } from "./schema.ts";
import type { Statement } from "./statement.ts";
import type { Sizes } from "./statistics.ts";
import { isSymbol, isWord } from "./tokens.ts";
import { bytesOf } from "./values.ts";
import { GROWING_AGGREGATES, GROWING_FUNCTIONS, TEXT_FUNCTIONS } from "./words.ts";

/** What a statement takes at most; a step is about a nanosecond. */
export interface Cost {
  steps: number;
  examined: number;
  /** Names of what is looked through in whole for each row of something else. */
  unindexed: string[];
  /** Bytes of the longest value that it can write. */
  valueBytes: number;
}

export interface CostContext {
  schema: Schema;
  sizes: Sizes;
  parameters: readonly SqlValue[];
}

/** Longest value or row that SQLite makes here, in bytes. */
const VALUE_BYTES_MAX = 2_200_000;
/** Longest pattern of LIKE or GLOB, in characters; each may be tried at each place of a text. */
const PATTERN_LENGTH_MAX = 50;
const STEPS_PER_PATTERN_CHARACTER = 2.5;
/** By which a text grows in JSON, or a pattern of dates when it is filled in. */
const BYTES_PER_BYTE_REWRITTEN = 12;

const STEPS_PER_STATEMENT = 50_000;
const STEPS_PER_ROW = 50;
const STEPS_PER_TOKEN = 15;
const STEPS_PER_KEPT_ROW = 300;
/** For a row in a table, and the same again for each of its indexes. */
const STEPS_PER_WRITE = 1_200;
const STEPS_PER_BYTE_READ = 4;
const STEPS_PER_BYTE_WRITTEN = 4;
const STEPS_PER_BYTE_COMPARED = 1 / 16;

/** What a statement with a plan takes. */
export function costOfQuery(statement: Statement, plan: readonly PlanRow[], context: CostContext): Cost {
  const { schema, sizes } = context;
  const lengths = lengthsOf(statement, plan, context);
  const { examined, kept, output, unindexed } = costOfPlan(plan, {
    statement,
    schema,
    sizes,
    jsonRows: lengths.json.rows,
  });
  const perByte = stepsPerByte(statement, context.parameters);
  const perRow = STEPS_PER_ROW + statement.size * STEPS_PER_TOKEN + perByte * lengths.longest;
  const keptBytes = Math.min(VALUE_BYTES_MAX, lengths.columns * lengths.stored + lengths.longest);
  const perKept = STEPS_PER_KEPT_ROW + keptBytes * STEPS_PER_BYTE_WRITTEN;
  // What comes out is worked out as well, where nothing is looked at for it.
  const read = (examined + 1) * perRow + kept * perKept + lengths.shared * perByte;
  const steps = STEPS_PER_STATEMENT + read + stepsOfWriting(statement, output, { schema, lengths });
  return { steps, examined, unindexed, valueBytes: Math.max(lengths.longest, lengths.shared) };
}

/** What a statement takes that makes, changes or drops a table or an index: it may go through all of the table. */
export function costOfDefinition(statement: Statement, sizes: Sizes): Cost {
  const { rows, bytes } = sizes.sizeOf(statement.target ?? "");
  const perRow = STEPS_PER_WRITE + STEPS_PER_KEPT_ROW;
  const steps = STEPS_PER_STATEMENT + rows * perRow + bytes * STEPS_PER_BYTE_WRITTEN;
  return { steps, examined: rows, unindexed: [], valueBytes: 0 };
}

/** How long, in bytes, values can be that a statement works with. */
interface Lengths {
  /** The longest value of the tables that it names, and how many columns they have together. */
  stored: number;
  columns: number;
  /** The longest value of all, stored, given or made, but for what is shared. */
  longest: number;
  /** All values of its one JSON table together, where nothing repeats them. */
  shared: number;
  json: JsonTables;
}

function lengthsOf(statement: Statement, plan: readonly PlanRow[], context: CostContext): Lengths {
  const { tokens } = statement;
  const tables = tablesOf(statement, context.schema);
  const columns = tables.reduce((sum, table) => sum + (context.schema.tables.get(table)?.columns.length ?? 0), 0);
  const stored = Math.max(0, ...tables.map((table) => context.sizes.sizeOf(table).valueBytes));
  const longestBut = (left: ReadonlySet<number>): number => {
    const given = context.parameters.filter((_, place) => !left.has(place)).map(bytesOf);
    const longest = Math.max(stored, 16, ...given, ...tokens.map(({ value }) => 3 * value.length));
    return Math.min(VALUE_BYTES_MAX, longest * growth(statement, context));
  };
  const longest = longestBut(new Set());
  const json = jsonTables(tokens, context.parameters, longest);
  const isShared =
    isJsonOnly(plan) && json.parameters.size === 1 && !tokens.some(({ value }) => /^json(?:_tree)?$/i.test(value));
  return isShared
    ? { stored, columns, longest: longestBut(json.parameters), shared: json.bytes, json }
    : { stored, columns, longest, shared: 0, json };
}

/** How many times as long as what is there the longest value is that a statement makes of it. */
function growth(statement: Statement, { schema, sizes }: CostContext): number {
  const places = growingPlaces(statement);
  if (places === 0) return 1;
  const selects = statement.tokens.filter((token) => isWord(token, "select")).length;
  const factor = selects <= 1 ? places + 1 : 2 ** Math.min(places, 30);
  const aggregates = calls(statement, (name) => GROWING_AGGREGATES.has(name));
  const rows = tablesOf(statement, schema).reduce((all, table) => all * Math.max(1, sizes.sizeOf(table).rows), 1);
  const rewrites = calls(statement, (name) => name.startsWith("json_") || name === "strftime");
  return factor * (aggregates > 0 ? rows : 1) * (rewrites > 0 ? BYTES_PER_BYTE_REWRITTEN : 1);
}

function stepsOfWriting(
  statement: Statement,
  output: number,
  { schema, lengths }: { schema: Schema; lengths: Lengths },
): number {
  const { target, tokens } = statement;
  if (target === null) return 0;
  const columns = schema.tables.get(target)?.columns.length ?? 0;
  const tables = 1 + indexCount(schema, target);
  const rows = Math.max(output, tokens.filter((token) => isSymbol(token, "(")).length);
  const perRow = STEPS_PER_WRITE + Math.min(VALUE_BYTES_MAX, columns * lengths.longest) * STEPS_PER_BYTE_WRITTEN;
  return tables * (rows * perRow + columns * lengths.shared * STEPS_PER_BYTE_WRITTEN);
}

function stepsPerByte(statement: Statement, parameters: readonly SqlValue[]): number {
  const texts = calls(statement, (name) => TEXT_FUNCTIONS.has(name)) + growingPlaces(statement);
  const compared = statement.size * STEPS_PER_BYTE_COMPARED;
  const matched = patternLength(statement, parameters) * STEPS_PER_PATTERN_CHARACTER;
  return compared + texts * STEPS_PER_BYTE_READ + matched;
}

/** Characters of all patterns of a statement. */
function patternLength({ tokens }: Statement, parameters: readonly SqlValue[]): number {
  let length = 0;
  let place = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.kind === "parameter") place += 1;
    if (!isWord(token, "like", "glob")) continue;
    const pattern = tokens[index + 1];
    if (pattern?.kind === "text") length += Math.min(PATTERN_LENGTH_MAX, pattern.value.length);
    else if (pattern?.kind !== "parameter") length += PATTERN_LENGTH_MAX;
    else length += Math.min(PATTERN_LENGTH_MAX, String(parameters[place] ?? "").length);
  }
  return length;
}

/** Places where a longer text is made of others. */
function growingPlaces(statement: Statement): number {
  const joined = statement.tokens.filter((token) => isSymbol(token, "||")).length;
  return joined + calls(statement, (name) => GROWING_FUNCTIONS.has(name) || GROWING_AGGREGATES.has(name));
}

function calls({ tokens }: Statement, matches: (name: string) => boolean): number {
  return tokens.filter((token, index) => matches(token.value) && isSymbol(tokens[index + 1], "(")).length;
}

function tablesOf({ tokens }: Statement, schema: Schema): string[] {
  return [...new Set(tokens.map(({ value }) => value.toLowerCase()).filter((name) => schema.tables.has(name)))];
}
