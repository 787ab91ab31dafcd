import { ENDPOINTS } from "../../../contracts/api/index.ts";
import type { KvEntry, KvWrite } from "../../../contracts/data/kv.ts";
import { NO_ORIGIN } from "../../../contracts/data/origin.ts";
import { checkBatchBytes } from "../../../contracts/data/value.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { auditLater } from "../audit/write.ts";
import { actorOf } from "../auth/principal.ts";
import { Mounts } from "../mount.ts";
import { pageRequest } from "./page.ts";
import { bodyValueText } from "./value.ts";

/** What an org keeps by key. */
export const kv = new Mounts()
  .add(ENDPOINTS.listKvCollections, ({ scope, access, query }) =>
    scope.state.listCollections(access.org.id, "kv", pageRequest(query)),
  )
  .add(ENDPOINTS.listKv, async ({ scope, access, params, query }) => {
    const range = { prefix: query.prefix ?? "", values: query.values ?? true, ...pageRequest(query) };
    const { items, cursor } = await scope.state.kvList(access.org.id, params.collection, range);
    return { items: items.map(toEntry), cursor };
  })
  .add(ENDPOINTS.getKv, async ({ scope, access, params }) => {
    const [entry] = await scope.state.kvGet(access.org.id, params.collection, [params.key], true);
    return toEntry(entry ?? absent(params.collection, params.key));
  })
  .add(ENDPOINTS.getKvBatch, async ({ scope, access, params, body }) => {
    const entries = await scope.state.kvGet(access.org.id, params.collection, body.keys, body.values);
    return { items: entries.map((entry) => (entry === null ? null : toEntry(entry))) };
  })
  .add(ENDPOINTS.putKv, async ({ scope, principal, access, params, body }) => {
    const { id } = access.org;
    const { collection, key } = params;
    const write = toWrite({ operation: "set", key, ...body });
    const [written] = await scope.state.kvWrite(id, collection, [write], NO_ORIGIN);
    const version = written?.version ?? 0;
    const details = { collection, version };
    auditLater(scope, { actor: actorOf(principal), action: "kv.set", target: key, orgId: id, details });
    const [entry] = await scope.state.kvGet(id, collection, [key], true);
    if (entry?.version === version) return toEntry(entry);
    // Somebody has written it since, or it is over already: what is answered is still what this call wrote.
    const now = Date.now();
    const expiresAt = write.ttlMs === null ? null : now + write.ttlMs;
    return { key, value: body.value, version, updatedAt: now, expiresAt };
  })
  .add(ENDPOINTS.deleteKv, async ({ scope, principal, access, params, query }) => {
    const { id } = access.org;
    const { collection, key } = params;
    const write: KvWrite = { operation: "delete", key, ifVersion: query.ifVersion ?? null };
    const [written] = await scope.state.kvWrite(id, collection, [write], NO_ORIGIN);
    if (written?.existed !== true) return absent(collection, key);
    auditLater(scope, {
      actor: actorOf(principal),
      action: "kv.delete",
      target: key,
      orgId: id,
      details: { collection },
    });
    return undefined;
  })
  .add(ENDPOINTS.writeKvBatch, async ({ scope, principal, access, params, body }) => {
    const { id } = access.org;
    const { collection } = params;
    const writes = body.operations.map(toWrite);
    checkBatchBytes(writes.flatMap((write) => (write.operation === "set" ? [write.value] : [])));
    const items = await scope.state.kvWrite(id, collection, writes, NO_ORIGIN);
    const details = { operations: writes.length };
    auditLater(scope, { actor: actorOf(principal), action: "kv.batch", target: collection, orgId: id, details });
    return { items };
  });

type Operation =
  | {
      operation: "set";
      key: string;
      value: unknown;
      ttlSeconds?: number | undefined;
      ifVersion?: number | undefined;
    }
  | { operation: "delete"; key: string; ifVersion?: number | undefined };

function toWrite(operation: Extract<Operation, { operation: "set" }>): Extract<KvWrite, { operation: "set" }>;
function toWrite(operation: Operation): KvWrite;
function toWrite(operation: Operation): KvWrite {
  const { key, ifVersion = null } = operation;
  if (operation.operation === "delete") return { operation: "delete", key, ifVersion };
  const { value, ttlSeconds } = operation;
  const ttlMs = ttlSeconds === undefined ? null : Math.round(ttlSeconds * 1000);
  return { operation: "set", key, value: bodyValueText(value, "value"), ttlMs, ifVersion };
}

function toEntry({ value, ...entry }: KvEntry) {
  return { ...entry, value: value === null ? undefined : (JSON.parse(value) as unknown) };
}

function absent(collection: string, key: string): never {
  throw new PlatformError("not_found", `There is no key ${JSON.stringify(key)} in the collection ${collection}.`);
}
