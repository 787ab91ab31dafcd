import * as z from "zod";

import type { CollectionKind, CollectionSummary } from "../../contracts/data/collections.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { COLLECTION_NAMES_PER_ORG_MAX, COLLECTIONS_PER_ORG_MAX } from "../../contracts/limits.ts";
import type { Page, PageRequest } from "../../contracts/page.ts";
import type { Database } from "../database.ts";
import type { StoreTriggers } from "../objects.ts";
import { decodeCursor, encodeCursor, pageSize } from "../pages.ts";
import { requireQuota } from "./quotas.ts";
import { storeTriggers } from "./configuration.ts";

type CollectionRow = { kind: CollectionKind; name: string; created_at: number };

const positionSchema = z.object({ after: z.string() });

/** Every collection that was ever written, those that were dropped too: something may be left of them. */
export function allCollections(db: Database): { kind: CollectionKind; name: string }[] {
  return db.all<{ kind: CollectionKind; name: string }>("SELECT kind, name FROM collections");
}

/** Every collection that something is in. */
export function listedCollections(db: Database): { kind: CollectionKind; name: string }[] {
  return db.all<{ kind: CollectionKind; name: string }>("SELECT kind, name FROM collections WHERE dropped = 0");
}

/** One page of the collections of a kind, by name. */
export function listCollections(db: Database, kind: CollectionKind, page: PageRequest): Page<CollectionSummary> {
  const after = decodeCursor(page.cursor, positionSchema)?.after ?? "";
  const size = pageSize(page);
  const query = "SELECT * FROM collections WHERE kind = ? AND name > ? AND dropped = 0 ORDER BY name LIMIT ?";
  const rows = db.all<CollectionRow>(query, kind, after, size + 1);
  const items = rows.slice(0, size).map((row) => ({ kind: row.kind, name: row.name, createdAt: row.created_at }));
  const last = items.at(-1);
  return { items, cursor: rows.length > size && last ? encodeCursor({ after: last.name }) : null };
}

/**
 * Writes down that a collection is there, and says which triggers it has. Throws `over_budget` where it is new and the
 * org has as many as any may, `over_quota` where it has as many as its plan allows.
 */
export function addCollection(db: Database, kind: CollectionKind, name: string, now: number): StoreTriggers {
  const known = db.find<{ dropped: number }>("SELECT dropped FROM collections WHERE kind = ? AND name = ?", kind, name);
  if (known?.dropped !== 0) {
    checkRoom(db, kind, known === null);
    requireQuota(db, "collections", countCollections(db));
    db.run(
      `INSERT INTO collections (kind, name, created_at) VALUES (?, ?, ?)
       ON CONFLICT (kind, name) DO UPDATE SET created_at = excluded.created_at, dropped = 0`,
      kind,
      name,
      now,
    );
  }
  return storeTriggers(db, kind, name);
}

/** A collection has nothing in it any more; it is there again when it is next written. */
export function dropCollection(db: Database, kind: CollectionKind, name: string): void {
  db.run("UPDATE collections SET dropped = 1, bytes = 0 WHERE kind = ? AND name = ?", kind, name);
}

/** Collections of both kinds that are there. */
export function countCollections(db: Database): number {
  return db.find<{ count: number }>("SELECT count(*) AS count FROM collections WHERE dropped = 0")?.count ?? 0;
}

function checkRoom(db: Database, kind: CollectionKind, isNew: boolean): void {
  const query = "SELECT count(*) AS all_names, coalesce(sum(1 - dropped), 0) AS usage FROM collections WHERE kind = ?";
  const { all_names: names, usage } = db.find<{ all_names: number; usage: number }>(query, kind) ?? {
    all_names: 0,
    usage: 0,
  };
  const details = { limit: COLLECTIONS_PER_ORG_MAX, usage };
  if (usage >= COLLECTIONS_PER_ORG_MAX) {
    throw new PlatformError(
      "over_budget",
      `An org has at most ${COLLECTIONS_PER_ORG_MAX} collections of ${kind}. Put what is alike into one collection, under keys with a prefix.`,
      details,
    );
  }
  if (isNew && names >= COLLECTION_NAMES_PER_ORG_MAX) {
    throw new PlatformError(
      "over_budget",
      `This org has used ${COLLECTION_NAMES_PER_ORG_MAX} names of ${kind} collections. Use the name of one that was dropped.`,
      { limit: COLLECTION_NAMES_PER_ORG_MAX, usage: names },
    );
  }
}
