import type { NewDelivery } from "../../../contracts/events/delivery.ts";
import { EVENTS_HANDOVER_LENGTH_MAX, EVENTS_HANDOVER_MAX } from "../../../contracts/limits.ts";
import type { OutboxRow } from "./rows.ts";

/** Deliveries of one call, and where the next one goes on. */
export interface Batch {
  deliveries: NewDelivery[];
  /** The last row that is wholly in it or before it; null for none. */
  upTo: number | null;
  /** Deliveries of the row behind that one which are in it or before it. */
  done: number;
}

/**
 * The next deliveries in their order, as many as one call may carry; at least one where there are any.
 *
 * @param done deliveries of the first row that were handed over before.
 */
export function takeBatch(rows: Iterable<OutboxRow>, done: number): Batch {
  const batch: Batch = { deliveries: [], upTo: null, done };
  let length = 0;
  for (const row of rows) {
    const pairs = JSON.parse(row.deliveries) as [string, string][];
    for (const [id, triggerId] of pairs.slice(batch.done)) {
      length += row.data.length;
      const full = batch.deliveries.length >= EVENTS_HANDOVER_MAX || length > EVENTS_HANDOVER_LENGTH_MAX;
      if (full && batch.deliveries.length > 0) return batch;
      batch.deliveries.push(deliveryOf(row, id, triggerId));
      batch.done += 1;
    }
    batch.upTo = row.seq;
    batch.done = 0;
  }
  return batch;
}

const deliveryOf = (row: OutboxRow, id: string, triggerId: string): NewDelivery => ({
  id,
  triggerId,
  orderKey: row.order_key,
  at: row.at,
  depth: row.depth,
  causedBy: row.caused_by,
  data: row.data,
});
