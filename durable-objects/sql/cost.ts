import type { SqlValue } from "../../contracts/data/tools.ts";
import { type JsonTables, jsonTables } from "./json-tables.ts";
import { costOfPlan, isJsonOnly, type PlanRow } from "./plan.ts";
import { indexCount, type Schema } from "./schema.ts";
import type { Statement } from "./statement.ts";
import type { Sizes } from "./statistics.ts";
import { isSymbol, isWord } from "./tokens.ts";
import { GROWING_AGGREGATES, GROWING_FUNCTIONS, TEXT_FUNCTIONS } from "./words.ts";

/** What a statement takes at most; a step is about a nanosecond. */
export interface Cost {
  steps: number;
  examined: number;
  /** Names of what is looked through in whole for each row of something else. */
  unindexed: string[];
  /** Bytes of the longest row that it can write. */
  rowBytes: number;
}

export interface CostContext {
  schema: Schema;
  sizes: Sizes;
  parameters: readonly SqlValue[];
}

/** Longest value or row that SQLite makes here, in bytes. */
const VALUE_BYTES_MAX = 2_200_000;
/** Characters of a pattern of LIKE or GLOB, each of which may be tried at each place of a text. */
const PATTERN_LENGTH_MAX = 50;
/** By which a text grows in JSON, or a pattern of dates when it is filled in. */
const BYTES_PER_BYTE_REWRITTEN = 12;

const STEPS_PER_STATEMENT = 50_000;
const STEPS_PER_ROW = 50;
const STEPS_PER_TOKEN = 15;
const STEPS_PER_KEPT_ROW = 300;
/** For a row in a table, and the same again for each of its indexes. */
const STEPS_PER_WRITE = 2_000;
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
  const perByte = stepsPerByte(statement);
  const perRow = STEPS_PER_ROW + statement.tokens.length * STEPS_PER_TOKEN + perByte * lengths.longest;
  const perKept = STEPS_PER_KEPT_ROW + (lengths.stored + lengths.longest) * STEPS_PER_BYTE_WRITTEN;
  // What comes out is worked out as well, where nothing is looked at for it.
  const read = (examined + 1) * perRow + kept * perKept + lengths.shared * perByte;
  const { steps, rowBytes } = costOfWriting(statement, output, { schema, lengths });
  return { steps: STEPS_PER_STATEMENT + read + steps, examined, unindexed, rowBytes };
}

/** What a statement takes that makes, changes or drops a table or an index: it may go through all of the table. */
export function costOfDefinition(statement: Statement, sizes: Sizes): Cost {
  const { rows, bytes } = sizes.sizeOf(statement.target ?? "");
  const perRow = STEPS_PER_WRITE + STEPS_PER_KEPT_ROW;
  const steps = STEPS_PER_STATEMENT + rows * perRow + bytes * STEPS_PER_BYTE_WRITTEN;
  return { steps, examined: rows, unindexed: [], rowBytes: 0 };
}

/** How long, in bytes, values can be that a statement works with. */
interface Lengths {
  /** The longest row of the tables that it names. */
  stored: number;
  /** The longest value of all, stored, given or made, but for what is shared. */
  longest: number;
  /** All values of its one JSON table together, where nothing repeats them. */
  shared: number;
  json: JsonTables;
}

function lengthsOf(statement: Statement, plan: readonly PlanRow[], context: CostContext): Lengths {
  const { tokens } = statement;
  const stored = Math.max(
    0,
    ...tablesOf(statement, context.schema).map((table) => context.sizes.sizeOf(table).rowBytes),
  );
  const longestBut = (left: ReadonlySet<number>): number => {
    const given = context.parameters.filter((_, place) => !left.has(place)).map((value) => 3 * String(value).length);
    const longest = Math.max(stored, 16, ...given, ...tokens.map(({ value }) => 3 * value.length));
    return Math.min(VALUE_BYTES_MAX, longest * growth(statement, context));
  };
  const longest = longestBut(new Set());
  const json = jsonTables(tokens, context.parameters, longest);
  const isShared =
    isJsonOnly(plan) && json.parameters.size === 1 && !tokens.some(({ value }) => /^json(?:_tree)?$/i.test(value));
  return isShared
    ? { stored, longest: longestBut(json.parameters), shared: json.bytes, json }
    : { stored, longest, shared: 0, json };
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

function costOfWriting(
  statement: Statement,
  output: number,
  { schema, lengths }: { schema: Schema; lengths: Lengths },
): { steps: number; rowBytes: number } {
  const { target, tokens } = statement;
  if (target === null) return { steps: 0, rowBytes: 0 };
  const columns = schema.tables.get(target)?.columns.length ?? 0;
  const tables = 1 + indexCount(schema, target);
  const rows = Math.max(output, tokens.filter((token) => isSymbol(token, "(")).length);
  const perRow = STEPS_PER_WRITE + Math.min(VALUE_BYTES_MAX, columns * lengths.longest) * STEPS_PER_BYTE_WRITTEN;
  const shared = columns * lengths.shared * STEPS_PER_BYTE_WRITTEN;
  const rowBytes = Math.min(VALUE_BYTES_MAX, columns * Math.max(lengths.longest, lengths.shared));
  return { steps: tables * (rows * perRow + shared), rowBytes };
}

function stepsPerByte(statement: Statement): number {
  const texts = calls(statement, (name) => TEXT_FUNCTIONS.has(name)) + growingPlaces(statement);
  const patterns = statement.tokens.filter((token) => isWord(token, "like", "glob")).length;
  const compared = statement.tokens.length * STEPS_PER_BYTE_COMPARED;
  return compared + texts * STEPS_PER_BYTE_READ + patterns * PATTERN_LENGTH_MAX;
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
