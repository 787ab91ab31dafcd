import { type Matcher, matcherOf } from "./filter-match.ts";
import { parseFilter } from "./filter-parse.ts";

export { type Matcher, matcherOf } from "./filter-match.ts";
export { parseFilter } from "./filter-parse.ts";
export { fieldPathProblem, valueAt } from "./filter-path.ts";
export type { Comparison, FieldTest, Filter } from "./filter-tree.ts";

/**
 * Filters: which documents are meant. A filter is an object of fields, all of which must fit: `{"status":"open",
 * "total":{"$gt":10}}`; `{}` fits everything.
 *
 * - A field is a dotted path into objects and, by position, into arrays: `address.city`, `items.0.price`.
 * - A field's value, or `$eq`, is what it must be: the same type and value; arrays and objects are compared in depth,
 *   the order of an object's fields aside. An array does not fit because one of its items does.
 * - `$gt`, `$gte`, `$lt` and `$lte` take a number, a text or a boolean, and fit values of the same type alone: nothing
 *   is converted. Texts go by code points, false before true.
 * - `$in` is any of several values; `$ne`, `$nin` and `$not` are the opposite of `$eq`, `$in` and their inner
 *   operators, so they fit a document without the field, too.
 * - `null` is a value: it fits a field that is null, not one that is missing. `$exists` tells those apart.
 * - `$and`, `$or`, `$nor` take filters, `$not` takes one.
 *
 * Of a name that stands twice in one object the last counts, as `JSON.parse` has it.
 *
 * @throws PlatformError `invalid` that names the place and the operator.
 */
export function compileFilter(text: string): Matcher {
  return matcherOf(parseFilter(text));
}
