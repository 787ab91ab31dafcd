import { PlatformError } from "../../contracts/errors.ts";
import type { RetryPolicy } from "../../contracts/events/retry.ts";
import type { Trigger, TriggerKind, TriggerSource, TriggerState } from "../../contracts/events/trigger.ts";
import type { Database } from "../database.ts";

export type TriggerRow = {
  id: string;
  name: string;
  script_id: string;
  state: TriggerState;
  kind: TriggerKind;
  /** What the source is about, to look it up by: a collection, a queue, a topic, or another trigger. */
  subject: string | null;
  source: string;
  retry: string;
  created_at: number;
  updated_at: number;
};

/** A trigger as its readers know it. */
export function triggerOf(row: TriggerRow): Trigger {
  return {
    id: row.id,
    name: row.name,
    scriptId: row.script_id,
    state: row.state,
    source: JSON.parse(row.source) as TriggerSource,
    retry: JSON.parse(row.retry) as RetryPolicy,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** All of them, by name. */
export function listTriggers(db: Database): Trigger[] {
  return db.all<TriggerRow>("SELECT * FROM triggers ORDER BY name").map(triggerOf);
}

/** A trigger by id or by name; null when there is none. */
export function findTrigger(db: Database, idOrName: string): Trigger | null {
  const row =
    db.find<TriggerRow>("SELECT * FROM triggers WHERE id = ?", idOrName) ??
    db.find<TriggerRow>("SELECT * FROM triggers WHERE name = ?", idOrName);
  return row === null ? null : triggerOf(row);
}

/** A trigger by id or by name; throws `not_found`. */
export function getTrigger(db: Database, idOrName: string): Trigger {
  const trigger = findTrigger(db, idOrName);
  if (trigger !== null) return trigger;
  const hint = "List the org's triggers to see which there are.";
  throw new PlatformError("not_found", `There is no trigger ${JSON.stringify(idOrName)}. ${hint}`);
}

/** Writes a trigger down, new or in place of the one with its id. */
export function writeTrigger(db: Database, trigger: Trigger): void {
  db.run(
    `INSERT OR REPLACE INTO triggers (id, name, script_id, state, kind, subject, source, retry, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    trigger.id,
    trigger.name,
    trigger.scriptId,
    trigger.state,
    trigger.source.kind,
    subjectOf(trigger.source),
    JSON.stringify(trigger.source),
    JSON.stringify(trigger.retry),
    trigger.createdAt,
    trigger.updatedAt,
  );
}

function subjectOf(source: TriggerSource): string | null {
  if (source.kind === "kv" || source.kind === "docs") return source.collection;
  if (source.kind === "queue") return source.queue;
  if (source.kind === "pubsub") return source.topic;
  return source.kind === "dead_letter" ? source.of : null;
}
