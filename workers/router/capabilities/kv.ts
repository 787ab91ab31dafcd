import * as z from "zod";

import type { KvEntry, KvWrite, KvWritten } from "../../../contracts/data/kv.ts";
import { resourceNameSchema } from "../../../contracts/data/names.ts";
import {
  dataCursorSchema,
  dataLimitSchema,
  ifVersionSchema,
  kvKeySchema,
  kvKeysSchema,
  kvPrefixSchema,
  ttlMsSchema,
} from "../../../contracts/data/schemas.ts";
import { checkBatchBytes, parseValueText } from "../../../contracts/data/value.ts";
import { DATA_BATCH_MAX } from "../../../contracts/limits.ts";
import type { Page } from "../../../contracts/page.ts";
import type { Area } from "./area.ts";
import { readTogether, writeTogether } from "./kv-lanes.ts";
import { originOf, parseCall, stateOf } from "./state.ts";

const writeSchema = z.discriminatedUnion("operation", [
  z.strictObject({
    operation: z.literal("set"),
    key: kvKeySchema,
    value: z.string(),
    ttlMs: ttlMsSchema,
    ifVersion: ifVersionSchema,
  }),
  z.strictObject({ operation: z.literal("delete"), key: kvKeySchema, ifVersion: ifVersionSchema }),
]);

const callSchema = z.discriminatedUnion("operation", [
  z.strictObject({
    operation: z.literal("get"),
    collection: resourceNameSchema,
    keys: kvKeysSchema,
    values: z.boolean(),
  }),
  z.strictObject({
    operation: z.literal("list"),
    collection: resourceNameSchema,
    prefix: kvPrefixSchema,
    cursor: dataCursorSchema,
    limit: dataLimitSchema,
    values: z.boolean(),
  }),
  z.strictObject({
    operation: z.literal("write"),
    collection: resourceNameSchema,
    writes: z.array(writeSchema).min(1).max(DATA_BATCH_MAX),
  }),
]);

/** Collections of keys and values. */
export const kv: Area = async (
  call,
  { holder: { orgId }, caller, env, ctx },
): Promise<(KvEntry | null)[] | Page<KvEntry> | KvWritten[]> => {
  const asked = parseCall(callSchema, call, "kv");
  const { collection } = asked;
  const state = stateOf(env);
  const lane = { state, orgId, collection, keepAlive: (work: Promise<void>) => ctx.waitUntil(work) };
  switch (asked.operation) {
    case "get":
      return readTogether(lane, asked.keys, asked.values);
    case "list": {
      const { prefix, cursor, limit, values } = asked;
      return state.kvList(orgId, collection, { prefix, cursor, limit, values });
    }
    case "write":
      checkValues(asked.writes);
  }
  return writeTogether(lane, { writes: asked.writes, origin: originOf(caller) });
};

function checkValues(writes: KvWrite[]): void {
  const values = writes.flatMap((write) => (write.operation === "set" ? [write.value] : []));
  for (const value of values) parseValueText(value);
  checkBatchBytes(values);
}
