import { parseFilter } from "../../contracts/data/filter.ts";
import { PlatformError } from "../../contracts/errors.ts";
import type { Trigger, TriggerSource } from "../../contracts/events/trigger.ts";
import { TRIGGERS_PER_ORG_MAX } from "../../contracts/limits.ts";
import type { Database } from "../database.ts";
import { checkSchedule } from "../dispatcher/cron/schedule.ts";
import { requireQuota } from "./quotas.ts";
import { getScript, liveVersion } from "./scripts.ts";
import { findTrigger, type TriggerRow, triggerOf } from "./trigger-rows.ts";
import { listed, triggerConflict } from "./trigger-targets.ts";

/** The id of a script that a trigger may start. Throws `not_found` where there is none, `invalid` for a module. */
export function targetOf(db: Database, idOrName: string): string {
  const script = getScript(db, idOrName);
  if (liveVersion(db, script).kind === "endpoint") return script.id;
  throw invalid("scriptId", `is a module: "${script.name}" handles no events. Name an endpoint script.`);
}

/**
 * The source as it is stored, found to make sense in this org. Throws `conflict` (with the other trigger) for a second
 * consumer of a queue, and `invalid` for a schedule, a filter or a trigger that it cannot do with.
 *
 * @param self Id of the trigger that it is the source of.
 */
export function checkedSource(db: Database, source: TriggerSource, self: string): TriggerSource {
  if (source.kind === "cron") checkSchedule(source);
  if (source.kind === "docs") parseFilter(source.filter);
  if (source.kind === "queue") refuseSecondConsumer(db, source.queue, self);
  if (source.kind !== "dead_letter" || source.of === null) return source;
  return { ...source, of: observedTrigger(db, source.of) };
}

/** Throws `conflict` for a name that is taken, `over_quota` or `invalid` for one trigger too many. */
export function refuseNewTrigger(db: Database, name: string): void {
  const other = db.find<TriggerRow>("SELECT * FROM triggers WHERE name = ?", name);
  if (other !== null) {
    const hint = "Choose another name, or change that one.";
    throw triggerConflict(`There is a trigger ${JSON.stringify(name)} already. ${hint}`, [triggerOf(other)]);
  }
  const usage = db.find<{ count: number }>("SELECT count(*) AS count FROM triggers")?.count ?? 0;
  requireQuota(db, "triggers", usage);
  if (usage < TRIGGERS_PER_ORG_MAX) return;
  throw new PlatformError("invalid", `An org has at most ${TRIGGERS_PER_ORG_MAX} triggers. Delete one first.`, {
    limit: TRIGGERS_PER_ORG_MAX,
    usage,
  });
}

/** Throws `conflict` with the dead-letter triggers that name a trigger while there are any. */
export function refuseObserved(db: Database, trigger: Trigger): void {
  const query = "SELECT * FROM triggers WHERE kind = 'dead_letter' AND subject = ? ORDER BY name";
  const observers = db.all<TriggerRow>(query, trigger.id).map(triggerOf);
  if (observers.length === 0) return;
  throw triggerConflict(
    `The dead letters of "${trigger.name}" start ${listed(observers)}. Delete or change these triggers first.`,
    observers,
  );
}

function refuseSecondConsumer(db: Database, queue: string, self: string): void {
  const query = "SELECT * FROM triggers WHERE kind = 'queue' AND subject = ? AND id <> ?";
  const other = db.find<TriggerRow>(query, queue, self);
  if (other === null) return;
  const hint = "A queue has one consumer: change that trigger, or send to another queue.";
  throw triggerConflict(`The queue "${queue}" is consumed by the trigger "${other.name}" already. ${hint}`, [
    triggerOf(other),
  ]);
}

function observedTrigger(db: Database, idOrName: string): string {
  const observed = findTrigger(db, idOrName);
  if (observed === null) throw invalid("source.of", `names no trigger of this org: ${JSON.stringify(idOrName)}`);
  if (observed.source.kind !== "dead_letter") return observed.id;
  throw invalid("source.of", "names a dead-letter trigger, whose own failures are only noted, so that nothing circles");
}

function invalid(field: string, reason: string): PlatformError {
  return new PlatformError("invalid", `The trigger is not valid: ${field} ${reason}`, { issues: [{ field, reason }] });
}
