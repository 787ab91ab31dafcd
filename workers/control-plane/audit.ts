import type { Actor } from "../../contracts/doors.ts";
import { newId } from "../../contracts/ids.ts";
import type { Queries } from "./database/connect.ts";
import { auditLog } from "./database/schema.ts";
import type { Scope } from "./scope.ts";

export interface AuditEntry {
  actor: Actor;
  /** `noun.verb`, such as `org.create`. */
  action: string;
  /** Id or name of what was acted on. */
  target: string;
  orgId?: string;
  details?: Record<string, unknown>;
}

/** Writes down who did what; give the transaction of the change where there is one. */
export async function audit(queries: Queries, scope: Scope, entry: AuditEntry): Promise<void> {
  await queries.insert(auditLog).values({
    id: newId("audit"),
    actorType: entry.actor.type,
    actorId: entry.actor.id,
    actorName: entry.actor.name,
    action: entry.action,
    target: entry.target,
    orgId: entry.orgId ?? null,
    details: entry.details ?? {},
    address: scope.address,
    requestId: scope.requestId,
  });
}

/** Writes down a change that another store has made already: it happened, so a failure here must not deny it. */
export function auditLater(scope: Scope, entry: AuditEntry): void {
  scope.later(() => audit(scope.database, scope, entry));
}
