import type { Demands } from "./bounds.ts";
import type { OrderedField } from "./indexes.ts";

export type SortField = Pick<OrderedField, "field" | "descending">;

const ID: SortField = { field: "id", descending: false };

/**
 * Whether documents that come in the order of some fields, and then of their ids, come in the order that is asked for:
 * `forward`, or `reverse` where it is from their end. Null where they do not. Fields that have one value
 * in all that is found do not matter.
 */
export function directionOf(
  fields: readonly SortField[],
  demands: Demands,
  sort: readonly SortField[],
): "forward" | "reverse" | null {
  const order = [...fields, ID];
  let at = 0;
  let reverse: boolean | null = null;
  for (const { field, descending } of sort) {
    if (isSingle(demands, field)) continue;
    while (order[at] !== undefined && order[at]?.field !== field && isSingle(demands, order[at]?.field ?? "")) at += 1;
    const next = order[at];
    if (next === undefined || next.field !== field) return null;
    const turned = next.descending !== descending;
    if (reverse !== null && reverse !== turned) return null;
    reverse = turned;
    // No two documents have the same id, so that nothing is left to sort.
    if (field === ID.field) break;
    at += 1;
  }
  return reverse === true ? "reverse" : "forward";
}

function isSingle({ fields }: Demands, field: string): boolean {
  const bounds = fields.get(field)?.bounds;
  return bounds?.type === "points" && bounds.values.length === 1;
}
