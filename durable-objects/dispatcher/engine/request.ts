import type { NewAsyncRun } from "../../../contracts/events/delivery.ts";
import type { DeliverRequest } from "../../../contracts/events/dispatch.ts";
import type { EventData } from "../../../contracts/events/event.ts";
import type { Trigger } from "../../../contracts/events/trigger.ts";
import { ASYNC_SOURCE, type DeliveryRow } from "./deliveries.ts";

/** What to ask an edge for, for the next attempt of a delivery; null when its trigger is gone. */
export function requestOf(
  org: { orgId: string; slug: string },
  trigger: Trigger | null,
  row: DeliveryRow,
): DeliverRequest | null {
  const { orgId, slug } = org;
  if (row.trigger_id === ASYNC_SOURCE) {
    const run = JSON.parse(row.data) as NewAsyncRun;
    return { orgId, slug, scriptId: run.scriptId, work: { type: "request", run } };
  }
  if (trigger === null) return null;
  return {
    orgId,
    slug,
    scriptId: trigger.scriptId,
    work: {
      type: "event",
      event: {
        id: row.id,
        trigger: { id: trigger.id, name: trigger.name },
        attempt: row.attempts + 1,
        depth: row.depth,
        at: row.at,
        causedBy: row.caused_by,
        data: JSON.parse(row.data) as EventData,
      },
    },
  };
}
