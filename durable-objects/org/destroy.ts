import { codeKey, hostKey, projectionKey } from "../../contracts/projection.ts";
import type { Database } from "../database.ts";
import { enqueue, isEmpty, wakeAll } from "../outbox/rows.ts";
import { allCollections } from "./collections.ts";
import { listDomains } from "./domains.ts";
import { DISPATCHER_KEY, storeKey } from "./reconfigure.ts";
import { findOrg } from "./settings.ts";

/**
 * Ends an org: nothing is published any more, and everything it published, and every object it has, is queued for removal.
 * What it stored goes when the queue is empty.
 */
export function destroyOrg(db: Database, now: number): void {
  const org = findOrg(db);
  if (org === null) return;
  if (org.state !== "destroyed") {
    db.run("UPDATE org SET state = 'destroyed'");
    db.run("DELETE FROM outbox WHERE operation IN ('put_projection', 'put_redirect', 'put_host')");
    for (const { hash } of db.each<{ hash: string }>("SELECT DISTINCT hash FROM versions")) {
      enqueue(db, { key: codeKey(org.org_id, hash), operation: "delete_code" }, now);
    }
    const links = "SELECT DISTINCT linked_hash AS hash FROM scripts WHERE linked_hash IS NOT NULL";
    for (const { hash } of db.all<{ hash: string }>(links)) {
      enqueue(db, { key: codeKey(org.org_id, hash), operation: "delete_code" }, now);
    }
    // What edges were given time to learn of is of no use to them any more.
    db.run("UPDATE outbox SET due_at = ? WHERE operation = 'delete_code'", now);
    enqueue(db, { key: projectionKey(org.slug), operation: "delete_projection" }, now);
    for (const { slug } of db.all<{ slug: string }>("SELECT slug FROM redirects")) {
      enqueue(db, { key: projectionKey(slug), operation: "delete_projection" }, now);
    }
    for (const { hostname } of listDomains(db)) {
      enqueue(db, { key: hostKey(hostname), operation: "delete_host" }, now);
    }
    enqueue(db, { key: org.org_id, operation: "erase_log" }, now);
    for (const { kind, name } of allCollections(db)) {
      enqueue(db, { key: storeKey(kind, name), operation: "erase_store" }, now);
    }
    enqueue(db, { key: DISPATCHER_KEY, operation: "erase_dispatcher" }, now);
    enqueue(db, { key: "tools", operation: "erase_tools" }, now);
    enqueue(db, { key: "sql", operation: "erase_sql" }, now);
  }
  wakeAll(db, now);
}

/** Whether an ended org has nothing left outside, so that its storage can go. */
export function isRemovable(db: Database): boolean {
  return findOrg(db)?.state === "destroyed" && isEmpty(db);
}
