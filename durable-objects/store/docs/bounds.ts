import type { Comparison, FieldTest, Filter } from "../../../contracts/data/filter.ts";
import { compareAlike } from "../../../contracts/data/filter-value.ts";

/** An end of a span of values. */
export interface Edge {
  value: unknown;
  inclusive: boolean;
}

/** What a filter says of one field, as far as an index can go by it. */
export type Bounds =
  /** One of these values; undefined is that of a missing field. */
  | { type: "points"; values: readonly unknown[] }
  /** Numbers, texts or booleans between two ends; null for an open end. */
  | { type: "span"; of: "number" | "string" | "boolean"; low: Edge | null; high: Edge | null }
  /** Anything. */
  | { type: "present" };

/** Bounds, and whether they say all that the filter does of the field. */
interface FieldBounds {
  bounds: Bounds;
  whole: boolean;
}

/** What every document must fit that fits a filter, by field, and whether there is more to the filter than that. */
export interface Demands {
  fields: ReadonlyMap<string, FieldBounds>;
  whole: boolean;
}

/** Reads out of a filter what holds of single fields, whatever else it says. */
export function demandsOf(filter: Filter): Demands {
  const parts = conjuncts(filter);
  const tests = parts.filter((part) => part.type === "test");
  const fields = new Map(
    [...Map.groupBy(tests, ({ steps }) => steps.join("."))].map(([field, own]) => [field, boundsOf(own)]),
  );
  return { fields, whole: tests.length === parts.length };
}

const conjuncts = (filter: Filter): Filter[] => (filter.type === "all" ? filter.of.flatMap(conjuncts) : [filter]);

function boundsOf(tests: readonly FieldTest[]): FieldBounds {
  const [points] = tests
    .map(pointsOf)
    .filter((values) => values !== null)
    .sort((a, b) => a.length - b.length);
  if (points !== undefined) return { bounds: { type: "points", values: points }, whole: tests.length === 1 };
  const comparisons = tests.filter(isComparison);
  const [first] = comparisons;
  if (first === undefined) return { bounds: { type: "present" }, whole: true };
  const alike = comparisons.filter(({ value }) => typeof value === typeof first.value);
  const low = innermost(
    alike.filter(({ operator }) => operator === "gt" || operator === "gte"),
    1,
  );
  const high = innermost(
    alike.filter(({ operator }) => operator === "lt" || operator === "lte"),
    -1,
  );
  const of = typeof first.value as "number" | "string" | "boolean";
  // What exists is implied by what compares.
  const whole = tests.every((test) => test.operator === "exists" || alike.includes(test as Compared));
  return { bounds: { type: "span", of, low, high }, whole };
}

type Compared = FieldTest & { operator: Exclude<Comparison, "eq"> };

const isComparison = (test: FieldTest): test is Compared => ["gt", "gte", "lt", "lte"].includes(test.operator);

function pointsOf(test: FieldTest): readonly unknown[] | null {
  if (test.operator === "eq") return [test.value];
  if (test.operator === "in") return test.values;
  return test.operator === "exists" && !test.exists ? [undefined] : null;
}

/** The edge that leaves the least: the greatest for `direction` 1, the least for -1; null where there is none. */
function innermost(tests: readonly Compared[], direction: 1 | -1): Edge | null {
  let edge: Edge | null = null;
  for (const { operator, value } of tests) {
    const inclusive = operator === "gte" || operator === "lte";
    const order: number = edge === null ? 1 : (compareAlike(value, edge.value) ?? 0) * direction;
    if (edge === null || order > 0 || (order === 0 && !inclusive)) edge = { value, inclusive };
  }
  return edge;
}
