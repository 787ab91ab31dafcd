import type { QueueStats } from "../../../contracts/events/delivery.ts";
import type { Trigger } from "../../../contracts/events/trigger.ts";
import { QUEUES_LISTED_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";

type StatsRow = { queue: string; ready: number; delayed: number; in_flight: number };

/** The queues that have messages or a consumer, by name. */
export function listQueues(db: Database, triggers: Iterable<Trigger>, now: number): QueueStats[] {
  const queues = new Map<string, QueueStats>();
  for (const row of db.exists ? statsRows(db, now) : []) {
    const { queue: name, ready, delayed, in_flight: inFlight } = row;
    queues.set(name, { name, ready, delayed, inFlight, consumerId: null });
  }
  for (const { id, source } of triggers) {
    if (source.kind !== "queue") continue;
    const stats = queues.get(source.queue) ?? { name: source.queue, ready: 0, delayed: 0, inFlight: 0 };
    queues.set(source.queue, { ...stats, consumerId: id });
  }
  return [...queues.values()].sort((one, other) => (one.name < other.name ? -1 : 1)).slice(0, QUEUES_LISTED_MAX);
}

function statsRows(db: Database, now: number): StatsRow[] {
  return db.all<StatsRow>(
    `SELECT queue, count(*) FILTER (WHERE visible_at <= ?1) AS ready, count(*) FILTER (WHERE visible_at > ?1) AS delayed,
     count(*) FILTER (WHERE visible_at IS NULL) AS in_flight FROM queue_messages GROUP BY queue ORDER BY queue LIMIT ?2`,
    now,
    QUEUES_LISTED_MAX,
  );
}
