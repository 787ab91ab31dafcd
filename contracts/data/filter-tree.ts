/** Operators that compare the value of a field with one of the filter's. */
export type Comparison = "eq" | "gt" | "gte" | "lt" | "lte";

/** One test of one field. */
export type FieldTest = {
  /** Steps of the path. */
  steps: readonly string[];
} & (
  | { operator: Comparison; value: unknown }
  | { operator: "in"; values: readonly unknown[] }
  | { operator: "exists"; exists: boolean }
);

/** A filter that was read and found good. `all` of nothing holds. */
export type Filter =
  | ({ type: "test" } & FieldTest)
  | { type: "all" | "any"; of: readonly Filter[] }
  | { type: "not"; of: Filter };
