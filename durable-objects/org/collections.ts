import * as z from "zod";

import type { CollectionKind, CollectionSummary } from "../../contracts/data/collections.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { COLLECTIONS_PER_ORG_MAX } from "../../contracts/limits.ts";
import type { Page, PageRequest } from "../../contracts/page.ts";
import type { Database } from "../database.ts";
import type { StoreTriggers } from "../objects.ts";
import { decodeCursor, encodeCursor, pageSize } from "../pages.ts";
import { storeTriggers } from "./configuration.ts";

type CollectionRow = { kind: CollectionKind; name: string; created_at: number };

const positionSchema = z.object({ after: z.string() });

/** Every collection that was ever written. */
export function allCollections(db: Database): { kind: CollectionKind; name: string }[] {
  return db.all<{ kind: CollectionKind; name: string }>("SELECT kind, name FROM collections");
}

/** One page of the collections of a kind, by name. */
export function listCollections(db: Database, kind: CollectionKind, page: PageRequest): Page<CollectionSummary> {
  const after = decodeCursor(page.cursor, positionSchema)?.after ?? "";
  const size = pageSize(page);
  const query = "SELECT * FROM collections WHERE kind = ? AND name > ? ORDER BY name LIMIT ?";
  const rows = db.all<CollectionRow>(query, kind, after, size + 1);
  const items = rows.slice(0, size).map((row) => ({ kind: row.kind, name: row.name, createdAt: row.created_at }));
  const last = items.at(-1);
  return { items, cursor: rows.length > size && last ? encodeCursor({ after: last.name }) : null };
}

/**
 * Writes down that a collection is there, and says which triggers it has. Throws `over_budget` where it is new and the
 * org has as many as it may.
 */
export function addCollection(db: Database, kind: CollectionKind, name: string, now: number): StoreTriggers {
  if (db.find("SELECT name FROM collections WHERE kind = ? AND name = ?", kind, name) === null) {
    const count = db.find<{ count: number }>("SELECT count(*) AS count FROM collections WHERE kind = ?", kind);
    const usage = count?.count ?? 0;
    if (usage >= COLLECTIONS_PER_ORG_MAX) {
      throw new PlatformError(
        "over_budget",
        `An org has at most ${COLLECTIONS_PER_ORG_MAX} collections of ${kind}. Put what is alike into one collection, under keys with a prefix.`,
        { limit: COLLECTIONS_PER_ORG_MAX, usage },
      );
    }
    db.run("INSERT INTO collections (kind, name, created_at) VALUES (?, ?, ?)", kind, name, now);
  }
  return storeTriggers(db, kind, name);
}
