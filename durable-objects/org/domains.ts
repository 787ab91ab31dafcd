import { type HostRecord } from "../../contracts/domains.ts";
import { hostKey } from "../../contracts/projection.ts";
import type { Database } from "../database.ts";
import { enqueue, wakeAll } from "../outbox/rows.ts";
import { getOrg } from "./settings.ts";

type Row = { hostname: string; label: string | null };

/** Sets the org's own domains, all of them: those that are new or changed are published, and those that are gone removed. */
export function setDomains(
  db: Database,
  domains: readonly Pick<HostRecord, "hostname" | "label">[],
  now: number,
): void {
  getOrg(db);
  const gone = new Map(listDomains(db).map(({ hostname, label }) => [hostname, label]));
  for (const { hostname, label } of domains) {
    const known = gone.get(hostname);
    gone.delete(hostname);
    if (known === label) continue;
    db.run("INSERT OR REPLACE INTO domains (hostname, label) VALUES (?, ?)", hostname, label);
    enqueue(db, { key: hostKey(hostname), operation: "put_host" }, now);
  }
  for (const hostname of gone.keys()) {
    db.run("DELETE FROM domains WHERE hostname = ?", hostname);
    enqueue(db, { key: hostKey(hostname), operation: "delete_host" }, now);
  }
  wakeAll(db, now);
}

/** Has all of them published anew, for they name the org's slug. */
export function publishDomains(db: Database, now: number): void {
  for (const { hostname } of listDomains(db)) enqueue(db, { key: hostKey(hostname), operation: "put_host" }, now);
}

/** The org's own domains. */
export function listDomains(db: Database): Row[] {
  return db.all<Row>("SELECT hostname, label FROM domains ORDER BY hostname");
}

/** What is published under a key of {@link hostKey}; null where the org has no such domain. */
export function findHostRecord(db: Database, key: string): HostRecord | null {
  const row = listDomains(db).find(({ hostname }) => hostKey(hostname) === key);
  if (row === undefined) return null;
  const { org_id: orgId, slug } = getOrg(db);
  return { orgId, slug, ...row };
}
