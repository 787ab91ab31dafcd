import { MISSING, valueAt } from "./filter-path.ts";
import type { Comparison, FieldTest, Filter } from "./filter-tree.ts";
import { compareAlike, isSame } from "./filter-value.ts";

/** Whether a value of JSON fits. */
export type Matcher = (value: unknown) => boolean;

const HOLDS: Record<Exclude<Comparison, "eq">, (order: number) => boolean> = {
  gt: (order) => order > 0,
  gte: (order) => order >= 0,
  lt: (order) => order < 0,
  lte: (order) => order <= 0,
};

/** Makes the matcher of a filter; every part is looked at once, now, and not for each value again. */
export function matcherOf(filter: Filter): Matcher {
  if (filter.type === "test") return testOf(filter);
  if (filter.type === "not") {
    const inner = matcherOf(filter.of);
    return (value) => !inner(value);
  }
  const parts = filter.of.map(matcherOf);
  return filter.type === "all"
    ? (value) => parts.every((part) => part(value))
    : (value) => parts.some((part) => part(value));
}

function testOf(test: FieldTest): Matcher {
  const { steps } = test;
  if (test.operator === "exists") return (value) => (valueAt(value, steps) !== MISSING) === test.exists;
  if (test.operator === "eq") return (value) => isSame(valueAt(value, steps), test.value);
  if (test.operator === "in") {
    const isAmong = membership(test.values);
    return (value) => isAmong(valueAt(value, steps));
  }
  const holds = HOLDS[test.operator];
  return (value) => {
    const order = compareAlike(valueAt(value, steps), test.value);
    return order !== null && holds(order);
  };
}

/** Scalars, which most are, are found without going through all of them. */
function membership(values: readonly unknown[]): Matcher {
  const scalars = new Set(values.filter((value) => typeof value !== "object" || value === null));
  const others = values.filter((value) => typeof value === "object" && value !== null);
  return (value) => scalars.has(value) || others.some((other) => isSame(value, other));
}
