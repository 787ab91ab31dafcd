import { PlatformError } from "../../../contracts/errors.ts";
import type { NewDelivery } from "../../../contracts/events/delivery.ts";
import type { Trigger } from "../../../contracts/events/trigger.ts";
import { newId } from "../../../contracts/ids.ts";
import { DEAD_LETTERS_REPLAY_BATCH, EVENT_BYTES_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import type { Parts } from "../engine/part.ts";
import { findDeadLetterRow } from "./list.ts";
import type { DeadLetterRow } from "./rows.ts";

/** Events of one call that replays many, in characters. */
const REPLAY_LENGTH_MAX = 16 * EVENT_BYTES_MAX;

export interface ReplayDeps {
  db: Database;
  triggers: ReadonlyMap<string, Trigger>;
  parts: Parts;
  /** Adds a delivery whose age counts from `since`. */
  add(delivery: NewDelivery, dueAt: number, since: number): boolean;
}

/**
 * Sends a dead letter again under a fresh id and takes it off the list, within the caller's transaction. Throws
 * `not_found`; `conflict` where its trigger is gone or disabled; `invalid` for data that is no event of its kind.
 */
export function replayDeadLetter(deps: ReplayDeps, id: string, data: string | null, now: number): string {
  const letter = findDeadLetterRow(deps.db, id);
  if (letter === null) throw new PlatformError("not_found", "There is no such dead letter. It may have been replayed.");
  if (data !== null) checkEdited(letter, data);
  if (!deps.triggers.has(letter.trigger_id)) {
    throw new PlatformError(
      "conflict",
      `The trigger ${letter.trigger_name} is gone or disabled. Enable it to replay its dead letters.`,
    );
  }
  return send(deps, letter, data ?? letter.data, now);
}

/** The same for all, or all of a trigger, oldest first; those of triggers that are gone or disabled stay. */
export function replayDeadLetters(
  deps: ReplayDeps,
  triggerId: string | null,
  now: number,
): { replayed: number; more: boolean } {
  const ids = [...deps.triggers.keys()].filter((id) => triggerId === null || id === triggerId);
  const rows = deps.db.all<{ id: string; length: number }>(
    `SELECT id, length FROM dead_letters WHERE trigger_id IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ?`,
    JSON.stringify(ids),
    DEAD_LETTERS_REPLAY_BATCH + 1,
  );
  let replayed = 0;
  let length = 0;
  for (const row of rows.slice(0, DEAD_LETTERS_REPLAY_BATCH)) {
    length += row.length;
    if (replayed > 0 && length > REPLAY_LENGTH_MAX) break;
    const letter = findDeadLetterRow(deps.db, row.id);
    if (letter === null) continue;
    send(deps, letter, letter.data, now);
    replayed += 1;
  }
  return { replayed, more: replayed < rows.length };
}

/** False when there was none. */
export function discardDeadLetter(db: Database, id: string): boolean {
  return db.find("DELETE FROM dead_letters WHERE id = ? RETURNING seq", id) !== null;
}

/** Throws away all, or all of a trigger; answers how many. */
export function discardDeadLetters(db: Database, triggerId: string | null): number {
  const [filter, ...bindings] = triggerId === null ? ["1 = 1"] : ["trigger_id = ?", triggerId];
  const count = db.find<{ count: number }>(`SELECT count(*) AS count FROM dead_letters WHERE ${filter}`, ...bindings);
  db.run(`DELETE FROM dead_letters WHERE ${filter}`, ...bindings);
  return count?.count ?? 0;
}

function send(deps: ReplayDeps, letter: DeadLetterRow, data: string, now: number): string {
  deps.db.run("DELETE FROM dead_letters WHERE seq = ?", letter.seq);
  const taken = deps.parts[letter.kind]?.replay?.(letter, data, now) ?? null;
  if (taken !== null) return taken;
  const id = newId("delivery");
  const { trigger_id: triggerId, order_key: orderKey, at, depth, caused_by: causedBy } = letter;
  deps.add({ id, triggerId, orderKey, at, depth, causedBy, data }, now, now);
  return id;
}

function checkEdited(letter: DeadLetterRow, data: string): void {
  const refuse = (reason: string) =>
    new PlatformError("invalid", `The data is not valid: it ${reason}.`, { issues: [{ field: "data", reason }] });
  if (data.length > EVENT_BYTES_MAX) throw refuse(`must be at most ${EVENT_BYTES_MAX} bytes of JSON`);
  const value = parsed(data);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse("must be a JSON object");
  const kind: unknown = Object.hasOwn(value, "kind") ? (value as { kind: unknown }).kind : undefined;
  if (kind !== letter.kind) throw refuse(`must be an event whose \`kind\` is \`${letter.kind}\``);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
