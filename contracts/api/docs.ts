import * as z from "zod";

import { resourceNameSchema } from "../data/names.ts";
import { dataCursorSchema, dataLimitSchema, docIdSchema, fieldPathSchema, ifVersionSchema } from "../data/schemas.ts";
import { DATA_BATCH_MAX, DOCS_EXAMINED_MAX, INDEX_FIELDS_MAX } from "../limits.ts";
import { endpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";
import { collectionSchema, ifVersionQuery } from "./kv.ts";
import { orgParams } from "./orgs.ts";

const docsParams = orgParams.extend({ collection: resourceNameSchema });
const docParams = docsParams.extend({ id: docIdSchema });

export const docSchema = z.object({
  id: z.string(),
  /** The document; its `id` is the one beside it. */
  value: z.unknown(),
  /** Grows with every write of the collection. */
  version: z.number().int(),
  createdAt: timestamp,
  updatedAt: timestamp,
});

/** A filter such as `{"age":{"$gte":18}}`; what it may say is checked by its collection. */
export const filterSchema = z
  .custom<Record<string, unknown>>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    'must be an object such as {"state":"open"}',
  )
  .meta({ type: "object" });

const ifVersion = ifVersionSchema.unwrap().optional();
const orderedField = z.strictObject({ field: fieldPathSchema, descending: z.boolean().default(false) });

const operationSchema = z.discriminatedUnion("operation", [
  z.strictObject({ operation: z.literal("insert"), id: docIdSchema.optional(), value: z.unknown() }),
  z.strictObject({ operation: z.literal("put"), id: docIdSchema, value: z.unknown(), ifVersion }),
  z.strictObject({ operation: z.literal("update"), id: docIdSchema, patch: z.unknown(), ifVersion }),
  z.strictObject({ operation: z.literal("delete"), id: docIdSchema, ifVersion }),
]);

const docIndexAnswer = z.object({
  name: z.string(),
  fields: z.array(z.object({ field: z.string(), descending: z.boolean() })),
  unique: z.boolean(),
});

const WRITE_ERRORS = ["not_found", "conflict", "invalid", "too_large", "over_budget"] as const;

export const listDocsCollections = endpoint({
  id: "listDocsCollections",
  method: "GET",
  path: "/orgs/{slug}/docs",
  tag: "Documents",
  summary: "List the collections of documents of an org",
  capability: "data:read",
  params: orgParams,
  query: pageQuery,
  response: pageOf(collectionSchema),
  errors: ["not_found"],
});

export const queryDocs = endpoint({
  id: "queryDocs",
  method: "POST",
  path: "/orgs/{slug}/docs/{collection}/query",
  tag: "Documents",
  summary: "Find documents; a page may be short and still have a cursor",
  capability: "data:read",
  params: docsParams,
  body: z.strictObject({
    filter: filterSchema.default({}),
    /** Fields in order of weight; ties go by id, or by the index that is used. */
    sort: z.array(orderedField).max(INDEX_FIELDS_MAX).default([]),
    cursor: dataCursorSchema.optional(),
    limit: dataLimitSchema.optional(),
  }),
  response: pageOf(docSchema).extend({
    /** Documents that were looked at, and the index that was used; null where all were looked through. */
    examined: z.number().int(),
    index: z.string().nullable(),
  }),
  errors: ["not_found", "invalid"],
});

export const countDocs = endpoint({
  id: "countDocs",
  method: "POST",
  path: "/orgs/{slug}/docs/{collection}/count",
  tag: "Documents",
  summary: "Count documents; `exact` is false where there are more than were looked at",
  capability: "data:read",
  params: docsParams,
  body: z.strictObject({
    filter: filterSchema.default({}),
    /** Count no further than this. */
    max: z.number().int().min(1).max(DOCS_EXAMINED_MAX).default(DOCS_EXAMINED_MAX),
  }),
  response: z.object({ count: z.number().int(), exact: z.boolean() }),
  errors: ["not_found", "invalid"],
});

export const insertDoc = endpoint({
  id: "insertDoc",
  method: "POST",
  path: "/orgs/{slug}/docs/{collection}",
  tag: "Documents",
  summary: "Insert a document; an id that it has, or that is said beside it, must be free",
  capability: "data:write",
  params: docsParams,
  body: z.strictObject({ id: docIdSchema.optional(), value: z.unknown() }),
  response: docSchema,
  status: 201,
  errors: WRITE_ERRORS,
});

export const getDoc = endpoint({
  id: "getDoc",
  method: "GET",
  path: "/orgs/{slug}/docs/{collection}/{id}",
  tag: "Documents",
  summary: "Get a document",
  capability: "data:read",
  params: docParams,
  response: docSchema,
  errors: ["not_found"],
});

export const putDoc = endpoint({
  id: "putDoc",
  method: "PUT",
  path: "/orgs/{slug}/docs/{collection}/{id}",
  tag: "Documents",
  summary: "Replace a document, or make it",
  capability: "data:write",
  params: docParams,
  body: z.strictObject({ value: z.unknown(), ifVersion }),
  response: docSchema,
  errors: WRITE_ERRORS,
});

export const patchDoc = endpoint({
  id: "patchDoc",
  method: "PATCH",
  path: "/orgs/{slug}/docs/{collection}/{id}",
  tag: "Documents",
  summary: "Change fields of a document by a JSON Merge Patch (RFC 7396): null removes a field",
  capability: "data:write",
  params: docParams,
  body: z.strictObject({ patch: z.unknown(), ifVersion }),
  response: docSchema,
  errors: WRITE_ERRORS,
});

export const deleteDoc = endpoint({
  id: "deleteDoc",
  method: "DELETE",
  path: "/orgs/{slug}/docs/{collection}/{id}",
  tag: "Documents",
  summary: "Delete a document",
  capability: "data:write",
  params: docParams,
  query: ifVersionQuery,
  errors: ["not_found", "conflict"],
});

export const writeDocsBatch = endpoint({
  id: "writeDocsBatch",
  method: "POST",
  path: "/orgs/{slug}/docs/{collection}/batch",
  tag: "Documents",
  summary: "Write several documents, all or none, in their order",
  capability: "data:write",
  params: docsParams,
  body: z.strictObject({ operations: z.array(operationSchema).min(1).max(DATA_BATCH_MAX) }),
  response: z.object({
    items: z.array(z.object({ id: z.string(), doc: docSchema.nullable(), existed: z.boolean() })),
  }),
  errors: WRITE_ERRORS,
});

const INDEXES_PATH = "/orgs/{slug}/collections/docs/{collection}/indexes";

export const listDocIndexes = endpoint({
  id: "listDocIndexes",
  method: "GET",
  path: INDEXES_PATH,
  tag: "Documents",
  summary: "List the indexes of a collection",
  capability: "data:read",
  params: docsParams,
  response: pageOf(docIndexAnswer),
  errors: ["not_found"],
});

export const createDocIndex = endpoint({
  id: "createDocIndex",
  method: "POST",
  path: INDEXES_PATH,
  tag: "Documents",
  summary: "Make an index; the same again does nothing",
  capability: "data:write",
  params: docsParams,
  body: z.strictObject({
    /** Without it, the fields with `_` between. */
    name: resourceNameSchema.optional(),
    fields: z.array(orderedField).min(1).max(INDEX_FIELDS_MAX),
    unique: z.boolean().default(false),
  }),
  response: docIndexAnswer,
  status: 201,
  errors: ["not_found", "conflict", "invalid", "over_budget"],
});

export const deleteDocIndex = endpoint({
  id: "deleteDocIndex",
  method: "DELETE",
  path: `${INDEXES_PATH}/{name}`,
  tag: "Documents",
  summary: "Remove an index",
  capability: "data:write",
  params: docsParams.extend({ name: resourceNameSchema }),
  errors: ["not_found"],
});
