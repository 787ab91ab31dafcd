import type { DocIndex } from "../../../contracts/data/docs.ts";
import { fieldPathProblem, valueAt } from "../../../contracts/data/filter.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import type { Database } from "../../database.ts";
import { type Code, keyOf } from "./key.ts";

/** One field that documents are sorted by. */
export interface OrderedField {
  /** Dotted path. */
  field: string;
  steps: readonly string[];
  descending: boolean;
}

/** An index, ready for use. */
export interface Index {
  id: number;
  name: string;
  fields: readonly OrderedField[];
  unique: boolean;
}

type IndexRow = { id: number; name: string; fields: string; is_unique: number };

/** The table of an index: for each document the bytes that it is sorted by, and its id. */
export const entriesOf = ({ id }: Index): string => `doc_entries_${id}`;

/** The indexes of a collection, by name. */
export function listIndexes(db: Database): Index[] {
  return db.all<IndexRow>("SELECT * FROM doc_indexes ORDER BY name").map((row) => ({
    id: row.id,
    name: row.name,
    fields: orderedFields(JSON.parse(row.fields) as DocIndex["fields"], "fields"),
    unique: row.is_unique === 1,
  }));
}

/** An index as people know it. */
export const toDocIndex = ({ name, fields, unique }: Index): DocIndex => ({
  name,
  fields: fields.map(({ field, descending }) => ({ field, descending })),
  unique,
});

/**
 * Reads the paths of fields to sort by.
 *
 * @param what how messages call them.
 * @throws PlatformError `invalid` for what is no path, and for a field that stands twice.
 */
export function orderedFields(fields: DocIndex["fields"], what: string): OrderedField[] {
  return fields.map(({ field, descending }, index) => {
    const twice = fields.findIndex((other) => other.field === field) < index;
    const problem = twice ? "stands twice" : fieldPathProblem(field);
    if (problem !== null) {
      throw new PlatformError("invalid", `\`${field.slice(0, 60)}\` is no field to sort by: it ${problem}.`, {
        issues: [{ field: `${what}[${index}].field`, reason: problem }],
      });
    }
    return { field, steps: field.split("."), descending };
  });
}

/** Where a document stands in the order of some fields. */
export function sortKey(fields: readonly OrderedField[], content: unknown): Code {
  return keyOf(
    fields.map(({ steps }) => valueAt(content, steps)),
    fields.map(({ descending }) => descending),
  );
}
