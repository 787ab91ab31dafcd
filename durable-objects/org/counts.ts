import type { OrgCounts } from "../../contracts/plans.ts";
import type { Database } from "../database.ts";
import { countCollections } from "./collections.ts";
import { findOpenOrg } from "./settings.ts";
import { storedBytes } from "./storage.ts";

/** How much the org has of what its plan bounds. */
export function orgCounts(db: Database): OrgCounts {
  if (findOpenOrg(db) === null) {
    return { scripts: 0, routes: 0, triggers: 0, collections: 0, secrets: 0, storageBytes: 0 };
  }
  return {
    scripts: countOf(db, "scripts"),
    routes: countOf(db, "routes"),
    triggers: countOf(db, "triggers"),
    collections: countCollections(db),
    secrets: countOf(db, "secrets"),
    storageBytes: storedBytes(db),
  };
}

function countOf(db: Database, table: "scripts" | "routes" | "triggers" | "secrets"): number {
  return db.find<{ count: number }>(`SELECT count(*) AS count FROM ${table}`)?.count ?? 0;
}
