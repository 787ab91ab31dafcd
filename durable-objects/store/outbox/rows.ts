import { newId } from "../../../contracts/ids.ts";
import type { Database } from "../../database.ts";
import type { Origin } from "../../../contracts/data/origin.ts";
import type { Change } from "../triggers.ts";
import type { Collection } from "../collection.ts";
import { eventDataOf } from "./event-data.ts";

/** A change with the events that it is: one row, however many triggers it sets off. */
export type OutboxRow = {
  seq: number;
  at: number;
  /** Of the runs that it will start. */
  depth: number;
  caused_by: string | null;
  order_key: string;
  /** JSON text of pairs `[delivery id, trigger id]`. */
  deliveries: string;
  data: string;
};

/**
 * Adds a change, inside its transaction; its deliveries get their ids here, once and for all. Answers how much room it
 * takes, in characters.
 */
export function addRow(
  db: Database,
  collection: Collection,
  { change, triggerIds, origin }: { change: Change; triggerIds: string[]; origin: Origin },
  now: number,
): number {
  const data = eventDataOf(collection, change);
  db.run(
    "INSERT INTO outbox (at, depth, caused_by, order_key, deliveries, data) VALUES (?, ?, ?, ?, ?, ?)",
    now,
    origin.depth + 1,
    origin.executionId,
    `${collection.name}/${change.key}`,
    JSON.stringify(triggerIds.map((triggerId) => [newId("delivery"), triggerId])),
    data,
  );
  return data.length;
}

/** The rows in the order of the changes; read no further than needed. */
export function rows(db: Database): Iterable<OutboxRow> {
  return db.each<OutboxRow>("SELECT * FROM outbox ORDER BY seq");
}

/** Takes out what was handed over: all rows up to this one. */
export function removeRows(db: Database, upTo: number): void {
  db.run("DELETE FROM outbox WHERE seq <= ?", upTo);
}

/** Changes that wait. Rows go from the front only, so that none has to be counted. */
export function backlog(db: Database): number {
  const query = "SELECT (SELECT max(seq) FROM outbox) - (SELECT min(seq) FROM outbox) + 1 AS count";
  return db.find<{ count: number | null }>(query)?.count ?? 0;
}

/** Whether nothing waits. */
export function isEmpty(db: Database): boolean {
  return db.find("SELECT seq FROM outbox LIMIT 1") === null;
}
