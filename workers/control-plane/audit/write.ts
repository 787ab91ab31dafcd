import { newId } from "../../../contracts/ids.ts";
import type { Queries } from "../database/connect.ts";
import { auditLog } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { type AuditEntry, columnsOf, type Entry, makeEntry } from "./entry.ts";

/**
 * Writes down who did what, in one round trip; give the transaction of the change where there is one. The database links
 * the entry to the one before it in its org's chain (or the platform's) and holds that chain until the transaction ends:
 * so make it the transaction's last statement, and where there are several entries, those of orgs before the platform's.
 */
export async function audit(queries: Queries, scope: Scope, entry: AuditEntry): Promise<void> {
  await insert(queries, entryIn(scope, entry));
}

/**
 * Writes down a change that another store has made already: it happened, so a failure here must not deny it. The
 * platform's own log has the entry then.
 */
export function auditLater(scope: Scope, entry: AuditEntry): void {
  const made = entryIn(scope, entry);
  scope.later(async () => {
    try {
      await insert(scope.database, made);
    } catch (error) {
      throw new Error(`not in the audit log: ${JSON.stringify(made)}`, { cause: error });
    }
  });
}

function entryIn({ address, requestId }: Scope, entry: AuditEntry): Entry {
  return makeEntry(entry, { id: newId("audit"), at: Date.now(), address, requestId });
}

async function insert(queries: Queries, entry: Entry): Promise<void> {
  await queries.insert(auditLog).values({ ...columnsOf(entry), entry: JSON.stringify(entry) });
}
