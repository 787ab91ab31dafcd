import * as z from "zod";

import { resourceNameSchema } from "../data/names.ts";
import { dataCursorSchema, ifVersionSchema, kvKeySchema, kvKeysSchema, kvPrefixSchema } from "../data/schemas.ts";
import { DATA_BATCH_MAX, DATA_PAGE_MAX, TTL_MS_MAX, TTL_MS_MIN } from "../limits.ts";
import { endpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

/** Query of lists of keys or documents, whose pages may be larger than others. */
const dataPageQuery = z.object({
  cursor: dataCursorSchema.unwrap().optional(),
  limit: z.coerce.number().int().min(1).max(DATA_PAGE_MAX).optional(),
});

/** The version that must be there for a write to happen, as a query says it; 0 for none. */
export const ifVersionQuery = z.object({ ifVersion: z.coerce.number().int().nonnegative().optional() });

/** A collection in a list. */
export const collectionSchema = z.object({ name: z.string(), createdAt: timestamp });

const kvParams = orgParams.extend({ collection: resourceNameSchema });
const keyParams = kvParams.extend({ key: kvKeySchema });

const kvEntrySchema = z.object({
  key: z.string(),
  /** Any JSON; left out where only keys were asked for. */
  value: z.unknown(),
  /** Grows with every write of the collection. */
  version: z.number().int(),
  updatedAt: timestamp,
  /** When it goes by itself; null for never. */
  expiresAt: timestamp.nullable(),
});

const setParts = {
  /** Any JSON. */
  value: z.unknown(),
  /** Life from now on; for ever without it. */
  ttlSeconds: z
    .number()
    .min(TTL_MS_MIN / 1000)
    .max(TTL_MS_MAX / 1000)
    .optional(),
  /** Nothing is written unless the key has this version; 0 means that it must not be there. */
  ifVersion: ifVersionSchema.unwrap().optional(),
};

const operationSchema = z.discriminatedUnion("operation", [
  z.strictObject({ operation: z.literal("set"), key: kvKeySchema, ...setParts }),
  z.strictObject({ operation: z.literal("delete"), key: kvKeySchema, ifVersion: setParts.ifVersion }),
]);

export const listKvCollections = endpoint({
  id: "listKvCollections",
  method: "GET",
  path: "/orgs/{slug}/kv",
  tag: "Key-value",
  summary: "List the kv collections of an org",
  capability: "data:read",
  params: orgParams,
  query: pageQuery,
  response: pageOf(collectionSchema),
  errors: ["not_found"],
});

export const listKv = endpoint({
  id: "listKv",
  method: "GET",
  path: "/orgs/{slug}/kv/{collection}",
  tag: "Key-value",
  summary: "List the keys of a collection, in the order of their UTF-8 bytes",
  capability: "data:read",
  params: kvParams,
  query: dataPageQuery.extend({
    prefix: kvPrefixSchema.optional(),
    /** `false` leaves the values out. */
    values: z.stringbool({ truthy: ["true"], falsy: ["false"] }).optional(),
  }),
  response: pageOf(kvEntrySchema),
  errors: ["not_found", "invalid"],
});

export const getKv = endpoint({
  id: "getKv",
  method: "GET",
  path: "/orgs/{slug}/kv/{collection}/{key}",
  tag: "Key-value",
  summary: "Get the value of a key",
  capability: "data:read",
  params: keyParams,
  response: kvEntrySchema,
  errors: ["not_found"],
});

export const getKvBatch = endpoint({
  id: "getKvBatch",
  method: "POST",
  path: "/orgs/{slug}/kv/{collection}/get",
  tag: "Key-value",
  summary: "Get several keys at once: an entry for each in their order, null for what is not there",
  capability: "data:read",
  params: kvParams,
  body: z.strictObject({ keys: kvKeysSchema, values: z.boolean().default(true) }),
  response: z.object({ items: z.array(kvEntrySchema.nullable()) }),
  errors: ["not_found", "invalid"],
});

export const putKv = endpoint({
  id: "putKv",
  method: "PUT",
  path: "/orgs/{slug}/kv/{collection}/{key}",
  tag: "Key-value",
  summary: "Set a key; the collection is made by its first write",
  capability: "data:write",
  params: keyParams,
  body: z.strictObject(setParts),
  response: kvEntrySchema,
  errors: ["not_found", "conflict", "invalid", "too_large", "over_budget"],
});

export const deleteKv = endpoint({
  id: "deleteKv",
  method: "DELETE",
  path: "/orgs/{slug}/kv/{collection}/{key}",
  tag: "Key-value",
  summary: "Delete a key",
  capability: "data:write",
  params: keyParams,
  query: ifVersionQuery,
  errors: ["not_found", "conflict"],
});

export const writeKvBatch = endpoint({
  id: "writeKvBatch",
  method: "POST",
  path: "/orgs/{slug}/kv/{collection}/batch",
  tag: "Key-value",
  summary: "Set and delete several keys, all or none, in their order",
  capability: "data:write",
  params: kvParams,
  body: z.strictObject({ operations: z.array(operationSchema).min(1).max(DATA_BATCH_MAX) }),
  response: z.object({
    items: z.array(
      z.object({
        key: z.string(),
        /** Null where the key is not there any more. */
        version: z.number().int().nullable(),
        /** Whether it was there before. */
        existed: z.boolean(),
      }),
    ),
  }),
  errors: ["not_found", "conflict", "invalid", "too_large", "over_budget"],
});
