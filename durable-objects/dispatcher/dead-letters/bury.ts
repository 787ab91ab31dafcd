import { platformErrorOf } from "../../../contracts/errors.ts";
import type { NewDelivery } from "../../../contracts/events/delivery.ts";
import type { Trigger } from "../../../contracts/events/trigger.ts";
import { newId } from "../../../contracts/ids.ts";
import { DELIVERY_ERROR_LENGTH_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import type { AttemptMade, DeliveryRow } from "../engine/deliveries.ts";
import type { DeadLetterRow, NewDeadLetter } from "./rows.ts";

export interface BuryDeps {
  db: Database;
  triggers: ReadonlyMap<string, Trigger>;
  add(delivery: NewDelivery, dueAt: number): boolean;
}

/** Keeps a delivery that gave up as a dead letter, and tells the org's dead-letter triggers, in one transaction with its end. */
export function bury(
  deps: BuryDeps,
  { trigger, row, attempt }: { trigger: Trigger; row: DeliveryRow; attempt: AttemptMade },
  now: number,
): void {
  keepDeadLetter(
    deps,
    {
      delivery_id: row.id,
      trigger_id: trigger.id,
      trigger_name: trigger.name,
      script_id: trigger.scriptId,
      kind: trigger.source.kind,
      order_key: row.order_key,
      at: row.at,
      died_at: now,
      depth: row.depth,
      caused_by: row.caused_by,
      attempts: row.attempts + 1,
      error: attempt.error ?? "",
      history: attempt.history ?? "[]",
      data: row.data,
    },
    now,
  );
}

/** Keeps a dead letter and tells the org's dead-letter triggers; answers its id. Within the caller's transaction. */
export function keepDeadLetter(deps: BuryDeps, letter: NewDeadLetter, now: number): string {
  const id = newId("deadLetter");
  insert(deps.db, id, letter);
  for (const { id: triggerId, source, name } of deps.triggers.values()) {
    if (source.kind !== "dead_letter" || (source.of !== null && source.of !== letter.trigger_id)) continue;
    try {
      deps.add(tellingOf(triggerId, id, letter, now), now);
    } catch (error) {
      // A dispatcher that is full must be able to end what it has.
      if (platformErrorOf(error) === null) throw error;
      note(deps.db, id, `${name} was not told: too many deliveries are waiting.`);
    }
  }
  return id;
}

/** Writes into a dead letter what the handler that was told of it came to. */
export function annotate(db: Database, handler: Trigger, data: string, error: string): void {
  const { deadLetterId } = JSON.parse(data) as { deadLetterId: unknown };
  // A trigger that was fired to be tried may have been given anything.
  if (typeof deadLetterId !== "string") return;
  const { code, message } = JSON.parse(error) as { code: string; message: string };
  note(db, deadLetterId, `${handler.name} failed: ${code}: ${message}`);
}

function note(db: Database, id: string, text: string): void {
  db.run("UPDATE dead_letters SET note = ? WHERE id = ?", text.slice(0, DELIVERY_ERROR_LENGTH_MAX), id);
}

/** The event is JSON text already, and may be long: it is put in as it is. */
function tellingOf(triggerId: string, deadLetterId: string, letter: NewDeadLetter, now: number): NewDelivery {
  const head = JSON.stringify({
    kind: "dead_letter",
    deadLetterId,
    trigger: { id: letter.trigger_id, name: letter.trigger_name },
    error: JSON.parse(letter.error) as unknown,
    attempts: letter.attempts,
  });
  return {
    id: newId("delivery"),
    triggerId,
    orderKey: null,
    at: now,
    depth: letter.depth + 1,
    causedBy: null,
    data: `${head.slice(0, -1)},"event":${letter.data}}`,
  };
}

function insert(db: Database, id: string, letter: Omit<DeadLetterRow, "seq" | "id" | "note">): void {
  db.run(
    `INSERT INTO dead_letters (id, delivery_id, trigger_id, trigger_name, script_id, kind, order_key, at, died_at, depth,
     caused_by, attempts, error, length, history, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    letter.delivery_id,
    letter.trigger_id,
    letter.trigger_name,
    letter.script_id,
    letter.kind,
    letter.order_key,
    letter.at,
    letter.died_at,
    letter.depth,
    letter.caused_by,
    letter.attempts,
    letter.error,
    letter.data.length,
    letter.history,
    letter.data,
  );
}
