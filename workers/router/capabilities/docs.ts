import * as z from "zod";

import { resourceNameSchema } from "../../../contracts/data/names.ts";
import {
  dataCursorSchema,
  dataLimitSchema,
  docIdSchema,
  docIndexSchema,
  docSortSchema,
  filterTextSchema,
  ifVersionSchema,
} from "../../../contracts/data/schemas.ts";
import { checkBatchBytes, parseDocText } from "../../../contracts/data/value.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { DATA_BATCH_MAX, DOCS_EXAMINED_MAX } from "../../../contracts/limits.ts";
import type { Area } from "./area.ts";
import { originOf, parseCall, stateOf } from "./state.ts";

const writeSchema = z.discriminatedUnion("operation", [
  z.strictObject({ operation: z.literal("insert"), id: docIdSchema.nullable(), value: z.string() }),
  z.strictObject({ operation: z.literal("put"), id: docIdSchema, value: z.string(), ifVersion: ifVersionSchema }),
  z.strictObject({ operation: z.literal("update"), id: docIdSchema, patch: z.string(), ifVersion: ifVersionSchema }),
  z.strictObject({ operation: z.literal("delete"), id: docIdSchema, ifVersion: ifVersionSchema }),
]);
type Write = z.infer<typeof writeSchema>;

const collection = resourceNameSchema;

const callSchema = z.discriminatedUnion("operation", [
  z.strictObject({ operation: z.literal("get"), collection, ids: z.array(docIdSchema).min(1).max(DATA_BATCH_MAX) }),
  z.strictObject({
    operation: z.literal("find"),
    collection,
    filter: filterTextSchema,
    sort: docSortSchema,
    cursor: dataCursorSchema,
    limit: dataLimitSchema,
  }),
  z.strictObject({
    operation: z.literal("count"),
    collection,
    filter: filterTextSchema,
    max: z.number().int().min(1).max(DOCS_EXAMINED_MAX),
  }),
  z.strictObject({
    operation: z.literal("write"),
    collection,
    writes: z.array(writeSchema).min(1).max(DATA_BATCH_MAX),
  }),
  z.strictObject({ operation: z.literal("listIndexes"), collection }),
  z.strictObject({ operation: z.literal("createIndex"), collection, index: docIndexSchema }),
  z.strictObject({ operation: z.literal("dropIndex"), collection, name: resourceNameSchema }),
]);

/** Collections of documents. */
export const docs: Area = async (call, { holder: { orgId }, caller, env }): Promise<unknown> => {
  const asked = parseCall(callSchema, call, "docs");
  const state = stateOf(env);
  switch (asked.operation) {
    case "get":
      return state.docsGet(orgId, asked.collection, asked.ids);
    case "find": {
      const { filter, sort, cursor, limit } = asked;
      return state.docsFind(orgId, asked.collection, { filter, sort, cursor, limit });
    }
    case "count":
      return state.docsCount(orgId, asked.collection, asked.filter, asked.max);
    case "write":
      checkBatchBytes(asked.writes.flatMap(checkedContent));
      return state.docsWrite(orgId, asked.collection, asked.writes, originOf(caller));
    case "listIndexes":
      return state.listIndexes(orgId, asked.collection);
    case "createIndex":
      return state.createIndex(orgId, asked.collection, asked.index);
    case "dropIndex":
  }
  return state.dropIndex(orgId, asked.collection, asked.name);
};

/** What a write carries: an object, in which nothing contradicts the id that it is written under. */
function checkedContent(write: Write): string[] {
  if (write.operation === "delete") return [];
  const text = write.operation === "update" ? write.patch : write.value;
  const content = parseDocText(text);
  if (Object.hasOwn(content, "id") && (write.id === null || content["id"] !== write.id)) {
    const reason = "must be the id that the document is written under, or left out";
    throw new PlatformError("invalid", `The \`id\` in a document ${reason}.`, { issues: [{ field: "id", reason }] });
  }
  return [text];
}
