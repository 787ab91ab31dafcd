/** Which words of SQL are understood, and which functions. */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Words that stand for what is not run here. As the name of a column each of them can be quoted. */
export const REFUSED_WORDS = words(`
  pragma attach detach vacuum reindex analyze explain begin commit rollback savepoint release recursive trigger virtual
  view temp temporary over window full right generated references foreign check match regexp raise blob`);

/** Functions whose result is no longer than what they are given, and that take a time in proportion to it. */
const STEADY_FUNCTIONS = words(`
  abs avg ceil coalesce count date datetime exp floor ifnull iif json json_array_length json_extract json_type
  json_valid julianday length ln log log2 lower ltrim max min mod nullif octet_length pow random round rtrim
  sign sqrt substr substring sum time total trim trunc typeof unicode unixepoch upper`);

/** Functions that make one text of several or a longer one: not where anything is written. */
export const GROWING_FUNCTIONS = words("concat json_array json_object strftime");
/** The same over all rows of a group. */
export const GROWING_AGGREGATES = words("group_concat json_group_array json_group_object string_agg");
/** Functions that answer a table. */
export const TABLE_FUNCTIONS = words("json_each json_tree");

export const FUNCTIONS: ReadonlySet<string> = new Set([
  ...STEADY_FUNCTIONS,
  ...GROWING_FUNCTIONS,
  ...GROWING_AGGREGATES,
  ...TABLE_FUNCTIONS,
]);

/** Functions that are understood with one argument only: with two they take the product of both lengths. */
export const UNARY_FUNCTIONS = words("trim ltrim rtrim");

/** Functions that read their texts through. */
export const TEXT_FUNCTIONS: ReadonlySet<string> = new Set([
  ...GROWING_FUNCTIONS,
  ...GROWING_AGGREGATES,
  ...words(`json json_array_length json_extract json_type json_valid length lower ltrim octet_length rtrim substr
    substring trim upper date datetime time julianday unixepoch`),
]);

/** Words, beside functions, that a bracket may follow. */
export const BEFORE_BRACKET = words(`
  all and as between by case cast conflict distinct else escape except exists filter from glob having in intersect is
  join key like limit materialized not offset on or primary returning select set then union unique using values when
  where`);

/** Words that a text may follow; after any other it would be a name. */
export const BEFORE_TEXT = words(`
  all and between by case default distinct else escape glob having in is isnull like limit not notnull offset on or
  returning select then values when where`);
