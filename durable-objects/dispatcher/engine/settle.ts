import type { NewDelivery } from "../../../contracts/events/delivery.ts";
import type { Trigger } from "../../../contracts/events/trigger.ts";
import type { Database } from "../../database.ts";
import { settleAsyncRun } from "../async/settle.ts";
import { annotate, bury } from "../dead-letters/bury.ts";
import { attemptOf } from "./attempts.ts";
import {
  ASYNC_SOURCE,
  type AttemptMade,
  type DeliveryRow,
  endDelivery,
  isOpen,
  postponeDelivery,
  promoteNext,
} from "./deliveries.ts";
import type { Parts } from "./part.ts";
import type { Made } from "./pump.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

export interface SettleDeps {
  db: Database;
  triggers: ReadonlyMap<string, Trigger>;
  parts: Parts;
  /** 0 ≤ chance < 1. */
  chance(): number;
  /** Adds a delivery to the same transaction. */
  add(delivery: NewDelivery, dueAt: number): boolean;
}

/** What has become of a delivery. */
export interface Settled {
  row: DeliveryRow;
  /** When it is tried again; null when it has ended. */
  dueAt: number | null;
  /** The one whose turn has come thereby; null for none. */
  next: DeliveryRow | null;
}

/** Writes down what an attempt came to, within the caller's transaction. One that was thrown away meanwhile is let go. */
export function settle(deps: SettleDeps, made: Made): Settled {
  const { row } = made;
  if (!isOpen(deps.db, row.seq)) return { row, dueAt: null, next: null };
  if (row.trigger_id === ASYNC_SOURCE) return { row, dueAt: settleAsyncRun(deps, made), next: null };
  const trigger = deps.triggers.get(row.trigger_id);
  if (trigger === undefined) return { row, dueAt: null, next: null };

  const now = made.endedAt;
  const attempt = attemptOf(made);
  const verdict = judge(deps, trigger, made);
  if (verdict.next === "retry") {
    postponeDelivery(deps.db, row, attempt, verdict.dueAt);
    return { row, dueAt: verdict.dueAt, next: null };
  }
  const end = { ...attempt, state: verdict.next };
  endDelivery(deps.db, row, end, now);
  deps.parts[trigger.source.kind]?.ended?.(row, end, now);
  if (verdict.next === "dead") die(deps, { trigger, row, attempt, letter: verdict.letter }, now);
  const next = row.order_key === null ? null : promoteNext(deps.db, row.trigger_id, row.order_key, now);
  return { row, dueAt: null, next };
}

function judge(deps: SettleDeps, trigger: Trigger, { row, result, endedAt }: Made): Verdict {
  const own = deps.parts[trigger.source.kind]?.judge?.(row, trigger, result, endedAt) ?? null;
  return own ?? verdictOf(row, trigger.retry, result, endedAt, deps.chance());
}

/** The end of a handler of dead letters is told in the dead letter, and makes no other. */
function die(
  deps: SettleDeps,
  dead: { trigger: Trigger; row: DeliveryRow; attempt: AttemptMade; letter: boolean },
  now: number,
): void {
  const { trigger, row, attempt } = dead;
  if (trigger.source.kind === "dead_letter") annotate(deps.db, trigger, row.data, attempt.error ?? "");
  else if (dead.letter) bury(deps, { trigger, row, attempt }, now);
}
