import * as z from "zod";

import {
  CURSOR_LENGTH_MAX,
  DATA_BATCH_MAX,
  DATA_PAGE_MAX,
  FIELD_PATH_LENGTH_MAX,
  FILTER_LENGTH_MAX,
  INDEX_FIELDS_MAX,
  KV_KEY_BYTES_MAX,
  LOCK_TTL_MS_MAX,
  LOCK_TTL_MS_MIN,
  QUEUE_DELAY_MS_MAX,
  SQL_PARAMETERS_MAX,
  SQL_STATEMENTS_MAX,
  SQL_TEXT_LENGTH_MAX,
  TTL_MS_MAX,
  TTL_MS_MIN,
} from "../limits.ts";
import { resourceNameSchema } from "./names.ts";
import { isLongerThan } from "./value.ts";

/** What scripts and callers of the API say of data, held to the same rules on both ways. */

/** Control characters and line ends, which show nowhere and break logs and URLs. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

const keyText = z
  .string()
  .refine((text) => !isLongerThan(text, KV_KEY_BYTES_MAX), {
    error: `must be at most ${KV_KEY_BYTES_MAX} bytes of UTF-8`,
  })
  .refine((text) => text.isWellFormed(), { error: "must be well-formed Unicode" })
  .refine((text) => !CONTROL.test(text), { error: "must have no control characters" });

/** A key of kv. */
export const kvKeySchema = keyText.min(1, "must not be empty");
/** What keys begin with; empty for all. */
export const kvPrefixSchema = keyText;
/** Id of a document. */
export const docIdSchema = keyText.min(1, "must not be empty");

/** The version that must be there, 0 for none, null for any. */
export const ifVersionSchema = z.number().int().nonnegative().nullable();
/** Life of a key in milliseconds, null for ever. */
export const ttlMsSchema = z.number().int().min(TTL_MS_MIN).max(TTL_MS_MAX).nullable();
/** Life of a lock in milliseconds. */
export const lockTtlMsSchema = z.number().int().min(LOCK_TTL_MS_MIN).max(LOCK_TTL_MS_MAX);
/** By how much a message is held back, in milliseconds. */
export const delayMsSchema = z.number().int().nonnegative().max(QUEUE_DELAY_MS_MAX);
/** Keys or documents of a page. */
export const dataLimitSchema = z.number().int().min(1).max(DATA_PAGE_MAX);
/** Where a page begins, as the page before said; what is in it only its list can tell. */
export const dataCursorSchema = z.string().min(1).max(CURSOR_LENGTH_MAX).nullable();

/** Keys or ids that one call reads. */
export const kvKeysSchema = z.array(kvKeySchema).min(1).max(DATA_BATCH_MAX);

/** A field of a document as a dotted path. */
export const fieldPathSchema = z.string().min(1).max(FIELD_PATH_LENGTH_MAX);
const orderedFieldSchema = z.strictObject({ field: fieldPathSchema, descending: z.boolean() });
/** What found documents are sorted by. */
export const docSortSchema = z.array(orderedFieldSchema).max(INDEX_FIELDS_MAX);
/** JSON text of a filter; its collection reads what it says. */
export const filterTextSchema = z.string().min(2).max(FILTER_LENGTH_MAX);
/** An index of a collection. */
export const docIndexSchema = z.strictObject({
  name: resourceNameSchema,
  fields: z.array(orderedFieldSchema).min(1).max(INDEX_FIELDS_MAX),
  unique: z.boolean(),
});

/** A parameter of a SQL statement. */
const sqlParameterSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
/** SQL statements that run all or none. */
export const sqlStatementsSchema = z
  .array(
    z.strictObject({
      text: z.string().min(1).max(SQL_TEXT_LENGTH_MAX),
      parameters: z.array(sqlParameterSchema).max(SQL_PARAMETERS_MAX),
    }),
  )
  .min(1)
  .max(SQL_STATEMENTS_MAX);
