import type { CollectionKind } from "../../contracts/data/collections.ts";
import type { TriggerSource } from "../../contracts/events/trigger.ts";
import type { Database } from "../database.ts";
import { enqueue, wakeAll } from "../outbox/rows.ts";

/** Key of the outbox row by which the Dispatcher hears of what it has to know, or goes. */
export const DISPATCHER_KEY = "dispatcher";

const STORE_KEY = /^store:(kv|docs)\/(.+)$/;

/** The same of the Store of a collection. */
export function storeKey(kind: CollectionKind, name: string): string {
  return `store:${kind}/${name}`;
}

/** Reads what {@link storeKey} made. */
export function storeOfKey(key: string): { kind: CollectionKind; name: string } {
  const [, kind, name] = STORE_KEY.exec(key) ?? [];
  if (kind === undefined || name === undefined) throw new Error(`${key} names no collection`);
  return { kind: kind as CollectionKind, name };
}

/**
 * Ends every change of triggers, in its transaction: a new revision, of which the Dispatcher hears first and then the
 * collections that the sources name, where they are there.
 */
export function reconfigure(db: Database, sources: readonly TriggerSource[], now: number): void {
  db.run("UPDATE org SET events_revision = events_revision + 1, has_dispatcher = 1");
  enqueue(db, { key: DISPATCHER_KEY, operation: "configure_dispatcher" }, now);
  for (const source of sources) {
    if (source.kind !== "kv" && source.kind !== "docs") continue;
    const query = "SELECT name FROM collections WHERE kind = ? AND name = ?";
    if (db.find(query, source.kind, source.collection) === null) continue;
    enqueue(db, { key: storeKey(source.kind, source.collection), operation: "configure_store" }, now);
  }
  wakeAll(db, now);
}

/** Lets a Dispatcher know of what changed beside the triggers, if there is one. */
export function reconfigureDispatcher(db: Database, now: number): void {
  if (db.find("SELECT 1 AS found FROM org WHERE has_dispatcher = 1") !== null) reconfigure(db, [], now);
}
