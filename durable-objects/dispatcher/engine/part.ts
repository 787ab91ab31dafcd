import type { DeliverResult } from "../../../contracts/events/dispatch.ts";
import type { Trigger, TriggerKind } from "../../../contracts/events/trigger.ts";
import type { DeadLetterRow } from "../dead-letters/rows.ts";
import type { AttemptMade, DeliveryRow } from "./deliveries.ts";
import type { Verdict } from "./verdict.ts";

/**
 * A kind of trigger that does more than hand over what it is given. All methods but `backlog` are called within the
 * transaction of what they hear of; what they add by `Engine.add` leaves when it is committed.
 */
export interface Part {
  /** The triggers of all kinds, before and after a change. */
  configured?(before: ReadonlyMap<string, Trigger>, after: ReadonlyMap<string, Trigger>, now: number): void;
  /** What becomes of a delivery after an attempt, in place of what its trigger's retry policy says; null for that. */
  judge?(row: DeliveryRow, trigger: Trigger, result: Ended, now: number): Verdict | null;
  /** A delivery has ended. */
  ended?(row: DeliveryRow, end: AttemptMade & { state: "done" | "dead" }, now: number): void;
  /** Throws away what a trigger has waiting beside its deliveries; answers how much. */
  discard?(triggerId: string, now: number): number;
  /** Takes a dead letter up again in its own way; answers an id to look for, or null to have it delivered as it is. */
  replay?(letter: DeadLetterRow, data: string, now: number): string | null;
  /** Makes an event as if it had happened, with this data (JSON text); answers the id of its delivery or message. */
  fire?(trigger: Trigger, data: string | null, now: number): string;
  /** What waits beside the deliveries, by trigger id. */
  backlog?(): Record<string, { waiting: number; nextAt: number | null }>;
}

/** What an attempt came to, but for those that found no room. */
export type Ended = Exclude<DeliverResult, { outcome: "saturated" }>;

export type Parts = Partial<Record<TriggerKind, Part>>;
