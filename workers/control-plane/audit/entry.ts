import type { Actor } from "../../../contracts/doors.ts";
import { AUDIT_DETAILS_LENGTH_MAX, AUDIT_TARGET_LENGTH_MAX } from "../../../contracts/limits.ts";
import type { auditLog } from "../database/schema.ts";
import { redact, redactText } from "./redact.ts";

/** The chain of what belongs to no org. An org's chain has the org's id for a name. */
export const PLATFORM_CHAIN = "platform";

/** What happened, as those who did it tell. */
export interface AuditEntry {
  actor: Actor;
  /** `noun.verb`, such as `org.create`. */
  action: string;
  /** Id or name of what was acted on. */
  target: string;
  /** The org whose log this belongs to; without it, it is the platform's. */
  orgId?: string;
  /** What changed: `before` and `after` where there were both. Secrets are taken out. */
  details?: Record<string, unknown>;
}

/** An entry as it is hashed: JSON of this, in this order. */
export interface Entry {
  id: string;
  /** Epoch milliseconds. */
  at: number;
  actor: Actor;
  action: string;
  target: string;
  orgId: string | null;
  details: Record<string, unknown>;
  address: string | null;
  requestId: string | null;
}

type AuditRow = typeof auditLog.$inferSelect;

/** Columns that repeat what is in the entry, for those who search. */
export type EntryColumns = Pick<
  AuditRow,
  | "id"
  | "at"
  | "actorType"
  | "actorId"
  | "actorName"
  | "action"
  | "target"
  | "orgId"
  | "details"
  | "address"
  | "requestId"
>;

/** Completes an entry, without secrets and within bounds. */
export function makeEntry(told: AuditEntry, where: Pick<Entry, "id" | "at" | "address" | "requestId">): Entry {
  const { id, at, address, requestId } = where;
  const { type, id: actorId, name } = told.actor;
  return {
    id,
    at,
    actor: { type, id: actorId, name: redactText(name) },
    action: told.action,
    target: redactText(told.target, AUDIT_TARGET_LENGTH_MAX),
    orgId: told.orgId ?? null,
    details: detailsOf(told.details ?? {}),
    address,
    requestId,
  };
}

/** What of an entry stands in columns of its own. */
export function columnsOf(entry: Entry): EntryColumns {
  const { actor, at, ...rest } = entry;
  return { ...rest, at: new Date(at), actorType: actor.type, actorId: actor.id, actorName: actor.name };
}

function detailsOf(told: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(redact(told));
  if (text.length <= AUDIT_DETAILS_LENGTH_MAX) return JSON.parse(text) as Record<string, unknown>;
  return { leftOut: `${text.length} characters` };
}
