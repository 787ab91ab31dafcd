import type { Database } from "../database.ts";
import type { StoreName, StoreTriggers } from "../objects.ts";
import { compileTriggers, type CompiledTrigger } from "./triggers.ts";

/** What a Store knows of its collection, as its one row has it. */
export interface Collection extends StoreName {
  createdAt: number;
  /** The last version that was given out. */
  version: number;
  /** Keys or documents; expired keys until they are removed. */
  count: number;
  /** Whether its org lists it; one that was dropped is made known again by its next write. */
  announced: boolean;
  triggersRevision: number;
  triggers: readonly CompiledTrigger[];
  /** Why it may not grow; null while it may. */
  overQuota: NonNullable<StoreTriggers["overQuota"]> | null;
}

type Row = {
  org_id: string;
  kind: StoreName["kind"];
  name: string;
  created_at: number;
  version: number;
  count: number;
  announced: number;
  triggers_revision: number;
  triggers: string;
  over_quota: string | null;
};

/** Reads the row; null where the collection was never written. */
export function findCollection(db: Database): Collection | null {
  const row = db.exists ? db.find<Row>("SELECT * FROM collection") : null;
  if (row === null) return null;
  return {
    orgId: row.org_id,
    kind: row.kind,
    name: row.name,
    createdAt: row.created_at,
    version: row.version,
    count: row.count,
    announced: row.announced === 1,
    triggersRevision: row.triggers_revision,
    triggers: compileTriggers(JSON.parse(row.triggers) as StoreTriggers["triggers"]),
    overQuota: row.over_quota === null ? null : (JSON.parse(row.over_quota) as Collection["overQuota"]),
  };
}

/** Writes the row of an empty collection. */
export function addCollection(db: Database, { orgId, kind, name }: StoreName, told: StoreTriggers, now: number): void {
  db.run(
    `INSERT INTO collection (only, org_id, kind, name, created_at, version, count, triggers_revision, triggers, over_quota)
     VALUES (1, ?, ?, ?, ?, 0, 0, ?, ?, ?)`,
    orgId,
    kind,
    name,
    now,
    told.revision,
    JSON.stringify(told.triggers),
    overQuotaText(told),
  );
}

/** Replaces what the org has told, unless that is newer. */
export function replaceTriggers(db: Database, told: StoreTriggers): void {
  db.run(
    "UPDATE collection SET triggers_revision = ?1, triggers = ?2, over_quota = ?3 WHERE triggers_revision < ?1",
    told.revision,
    JSON.stringify(told.triggers),
    overQuotaText(told),
  );
}

const overQuotaText = ({ overQuota = null }: StoreTriggers): string | null =>
  overQuota === null ? null : JSON.stringify(overQuota);
