import { compareText } from "../../../contracts/data/filter-value.ts";
import { INDEX_ESTIMATE_MAX } from "../../../contracts/limits.ts";
import type { Bounds, Demands } from "./bounds.ts";
import type { Index } from "./indexes.ts";
import { directionOf, type SortField } from "./order.ts";
import { type KeyRange, rangesOf } from "./ranges.ts";

/** Ids from one to another, both of them too; null for no end. */
interface IdRange {
  from: string;
  to: string | null;
}

/** A way to come by documents. */
export type Plan = {
  /** Whether they come in the order that was asked for. */
  sorted: boolean;
  /** Whether it goes from the end. */
  reverse: boolean;
  /** Fields that the filter binds, of those that it goes by. */
  bound: number;
  /** Whether all that it comes by fits the filter. */
  exact: boolean;
} & ({ by: "id"; ranges: readonly IdRange[] } | { by: "index"; index: Index; ranges: readonly KeyRange[] });

/** Through the documents themselves, by their ids. */
export function planById(demands: Demands, sort: readonly SortField[]): Plan {
  const direction = directionOf([], demands, sort);
  const bounds = demands.fields.get("id")?.bounds;
  return {
    by: "id",
    ranges: bounds === undefined ? [{ from: "", to: null }] : idRanges(bounds),
    sorted: direction !== null,
    reverse: direction === "reverse",
    bound: bounds === undefined ? 0 : 1,
    exact: demands.whole && demands.fields.size === 0,
  };
}

/** Through the entries of an index. */
export function planByIndex(index: Index, demands: Demands, sort: readonly SortField[]): Plan {
  const direction = directionOf(index.fields, demands, sort);
  const ranges = rangesOf(index.fields, demands);
  return { by: "index", index, ...ranges, sorted: direction !== null, reverse: direction === "reverse" };
}

/**
 * The best of several: the one that comes by the fewest documents, as far as that is worth finding out; of equals the
 * one that need not sort, then the one that binds most.
 *
 * @param sizeOf counts the documents that a plan comes by, up to {@link INDEX_ESTIMATE_MAX}.
 */
export function bestPlan(byId: Plan, byIndex: readonly Plan[], sizeOf: (plan: Plan) => number): Plan {
  const all = [byId, ...byIndex];
  const isLeft = (plan: Plan) =>
    plan.bound > 0 || (plan.sorted && !all.some((other) => other.sorted && other.bound > 0));
  const [first = byId, ...others] = all.filter(isLeft);
  if (others.length === 0) return first;
  // One that binds nothing comes by everything, and need not be counted.
  const size = (plan: Plan) => (plan.bound === 0 ? INDEX_ESTIMATE_MAX : sizeOf(plan));
  const sized = [first, ...others].map((plan) => ({ plan, size: size(plan) }));
  const weight = ({ plan, size }: (typeof sized)[number]): number[] => [size, plan.sorted ? 0 : 1, -plan.bound];
  return sized.reduce((best, next) => (isLess(weight(next), weight(best)) ? next : best)).plan;
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at !== -1 && (a[at] ?? 0) < (b[at] ?? 0);
}

function idRanges(bounds: Bounds): IdRange[] {
  if (bounds.type === "present") return [{ from: "", to: null }];
  if (bounds.type === "points") {
    const ids = new Set(bounds.values.filter((value) => typeof value === "string"));
    return [...ids].sort(compareText).map((id) => ({ from: id, to: id }));
  }
  if (bounds.of !== "string") return [];
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  return [{ from: text(bounds.low?.value), to: bounds.high === null ? null : text(bounds.high.value) }];
}
