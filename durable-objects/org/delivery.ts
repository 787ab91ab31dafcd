import { codeKey, type Projection } from "../../contracts/projection.ts";
import type { Database } from "../database.ts";
import type { Env } from "../env.ts";
import type { OutboxRow } from "../outbox/rows.ts";
import { logStub } from "../stubs.ts";
import { findPart } from "./content.ts";
import { findLinkedCode } from "./linked-code.ts";
import { findProjection } from "./projection.ts";
import { findOrg } from "./settings.ts";

/** What the Org object reaches outside itself. */
export interface Outside {
  projections: {
    get(key: string): Promise<string | null>;
    put(key: string, value: string): Promise<void>;
    delete(key: string): Promise<void>;
  };
  /** Erases the org's log; safe to repeat. */
  eraseLog(orgId: string): Promise<void>;
}

/** The real outside. */
export function outsideOf(env: Env): Outside {
  return {
    projections: env.PROJECTIONS,
    eraseLog: async (orgId) => logStub(env, orgId).erase(),
  };
}

/** Does what an outbox row asks for. It says what is true now, not what was true when the row was written. */
export async function deliver(db: Database, outside: Outside, row: OutboxRow): Promise<void> {
  const { projections } = outside;
  switch (row.operation) {
    case "put_code": {
      const code = row.version_id === null ? null : findPart(db, row.version_id, "code");
      if (code !== null) await projections.put(row.key, code);
      return;
    }
    case "put_linked_code":
    case "put_dependant_code": {
      const org = findOrg(db);
      const hash = org === null ? "" : row.key.slice(codeKey(org.org_id, "").length);
      const code = findLinkedCode(db, hash);
      if (code !== null) await projections.put(row.key, JSON.stringify(code));
      return;
    }
    case "put_projection": {
      const projection = findProjection(db);
      if (projection !== null) await projections.put(row.key, JSON.stringify(projection));
      return;
    }
    case "delete_projection": {
      const published = await projections.get(row.key);
      if (published !== null && orgOf(published) === findOrg(db)?.org_id) await projections.delete(row.key);
      return;
    }
    case "delete_code":
      await projections.delete(row.key);
      return;
    case "erase_log":
      await outside.eraseLog(row.key);
      return;
  }
}

/** Whose projection it is: a slug that was given up may be another org's by now. */
function orgOf(published: string): string {
  return (JSON.parse(published) as Projection).orgId;
}
