import { PlatformError } from "../../contracts/errors.ts";
import type { Trigger, TriggerInput, TriggerPatch } from "../../contracts/events/trigger.ts";
import type { Database } from "../database.ts";
import { reconfigure } from "./reconfigure.ts";
import { addSigningSecret, removeSigningSecrets, type SealedSigningSecret } from "./signing-secrets.ts";
import { checkedSource, refuseNewTrigger, refuseObserved, targetOf } from "./trigger-checks.ts";
import { findTrigger, getTrigger, writeTrigger } from "./trigger-rows.ts";

/** A new trigger. Its id is made before, for a webhook's signing secret is sealed for it. */
export interface NewTrigger {
  id: string;
  input: TriggerInput;
  /** Null for every kind but webhook. */
  signingSecret: SealedSigningSecret | null;
}

/** Adds a trigger; throws as the checks do. */
export function createTrigger(db: Database, { id, input, signingSecret }: NewTrigger, now: number): Trigger {
  refuseNewTrigger(db, input.name);
  const trigger: Trigger = {
    id,
    name: input.name,
    scriptId: targetOf(db, input.scriptId),
    state: input.state,
    source: checkedSource(db, input.source, id),
    retry: input.retry,
    createdAt: now,
    updatedAt: now,
  };
  writeTrigger(db, trigger);
  if (signingSecret !== null) addSigningSecret(db, signingSecret, now);
  reconfigure(db, [trigger.source], now);
  return trigger;
}

/** Changes what the patch names. Throws `invalid` for a source of another kind, and as the checks do. */
export function patchTrigger(db: Database, idOrName: string, patch: TriggerPatch, now: number): Trigger {
  const before = getTrigger(db, idOrName);
  if (patch.source !== undefined && patch.source.kind !== before.source.kind) {
    const message = `A trigger of kind ${before.source.kind} does not become one of kind ${patch.source.kind}. Create another trigger.`;
    throw new PlatformError("invalid", message, {
      issues: [{ field: "source.kind", reason: `must stay ${before.source.kind}` }],
    });
  }
  const changed: Trigger = {
    ...before,
    scriptId: patch.scriptId === undefined ? before.scriptId : targetOf(db, patch.scriptId),
    state: patch.state ?? before.state,
    source: patch.source === undefined ? before.source : checkedSource(db, patch.source, before.id),
    retry: patch.retry ?? before.retry,
  };
  if (JSON.stringify(changed) === JSON.stringify(before)) return before;
  const after = { ...changed, updatedAt: now };
  writeTrigger(db, after);
  reconfigure(db, [before.source, after.source], now);
  return after;
}

/** Removes a trigger; false when there was none. Throws `conflict` while a dead-letter trigger names it. */
export function deleteTrigger(db: Database, idOrName: string, now: number): boolean {
  const trigger = findTrigger(db, idOrName);
  if (trigger === null) return false;
  refuseObserved(db, trigger);
  db.run("DELETE FROM triggers WHERE id = ?", trigger.id);
  removeSigningSecrets(db, trigger.id);
  reconfigure(db, [trigger.source], now);
  return true;
}
