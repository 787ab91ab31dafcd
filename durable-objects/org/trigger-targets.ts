import { PlatformError } from "../../contracts/errors.ts";
import type { Trigger } from "../../contracts/events/trigger.ts";
import type { Database } from "../database.ts";
import type { ScriptRow } from "./scripts.ts";
import { type TriggerRow, triggerOf } from "./trigger-rows.ts";

/** Throws `conflict` with the triggers of a script while there are any. */
export function refuseTargeted(db: Database, script: Pick<ScriptRow, "id" | "name">): void {
  const triggers = triggersFor(db, script.id);
  if (triggers.length === 0) return;
  throw triggerConflict(
    `The script "${script.name}" is started by ${listed(triggers)}. Delete these triggers, or give them another script, first.`,
    triggers,
  );
}

/** Throws `invalid` where a script that triggers start would become a module. */
export function refuseTargetedModule(db: Database, script: Pick<ScriptRow, "id" | "name">): void {
  const triggers = triggersFor(db, script.id);
  if (triggers.length === 0) return;
  throw new PlatformError(
    "invalid",
    `The script "${script.name}" is started by ${listed(triggers)}, and a module handles no events. Delete these triggers first.`,
    { issues: [{ field: "kind", reason: "must be endpoint while triggers start the script" }] },
  );
}

const triggersFor = (db: Database, scriptId: string): Trigger[] =>
  db.all<TriggerRow>("SELECT * FROM triggers WHERE script_id = ? ORDER BY name", scriptId).map(triggerOf);

/** Names of triggers as a sentence has them. */
export function listed(triggers: readonly Trigger[]): string {
  const names = triggers.slice(0, 10).map(({ name }) => `"${name}"`);
  return `${triggers.length === 1 ? "the trigger" : "the triggers"} ${names.join(", ")}${triggers.length > 10 ? ", …" : ""}`;
}

/** A refusal that names the triggers in its way. */
export function triggerConflict(message: string, triggers: readonly Trigger[]): PlatformError {
  return new PlatformError("conflict", message, { triggers: triggers.map(({ id, name }) => ({ id, name })) });
}
