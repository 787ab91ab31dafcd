import type { TriggerKind } from "../../../contracts/events/trigger.ts";

/** A dead letter as it is stored. `error` and `history` are JSON text. */
export type DeadLetterRow = {
  seq: number;
  id: string;
  delivery_id: string;
  trigger_id: string;
  trigger_name: string;
  script_id: string;
  kind: TriggerKind;
  order_key: string | null;
  at: number;
  died_at: number;
  depth: number;
  caused_by: string | null;
  attempts: number;
  error: string;
  note: string | null;
  history: string;
  data: string;
};

/** What becomes a dead letter. */
export type NewDeadLetter = Omit<DeadLetterRow, "seq" | "id" | "note">;
