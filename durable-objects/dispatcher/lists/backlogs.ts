import type { EventsDoor } from "../../../contracts/events/delivery.ts";
import type { Trigger } from "../../../contracts/events/trigger.ts";
import type { Database } from "../../database.ts";
import type { Parts } from "../engine/part.ts";

type Backlogs = Awaited<ReturnType<EventsDoor["triggerBacklogs"]>>;
type Counted = { trigger_id: string; count: number };

/** What waits, is held, and gave up, by trigger, and when each is due next. */
export function triggerBacklogs(db: Database, triggers: ReadonlyMap<string, Trigger>, parts: Parts): Backlogs {
  const backlogs: Backlogs = {};
  for (const id of triggers.keys()) backlogs[id] = { waiting: 0, held: 0, dead: 0, nextAt: null };
  const waiting = db.all<Counted>(
    "SELECT trigger_id, count(*) AS count FROM deliveries WHERE state = 'waiting' GROUP BY trigger_id",
  );
  for (const { trigger_id: id, count } of waiting) {
    const backlog = backlogs[id];
    if (backlog !== undefined) backlog[triggers.get(id)?.state === "paused" ? "held" : "waiting"] = count;
  }
  const due = db.all<{ trigger_id: string; due_at: number }>(
    "SELECT trigger_id, min(due_at) AS due_at FROM deliveries WHERE due_at IS NOT NULL GROUP BY trigger_id",
  );
  for (const { trigger_id: id, due_at: dueAt } of due) {
    const backlog = backlogs[id];
    if (backlog !== undefined && backlog.held === 0) backlog.nextAt = dueAt;
  }
  const dead = db.all<Counted>("SELECT trigger_id, count(*) AS count FROM dead_letters GROUP BY trigger_id");
  for (const { trigger_id: id, count } of dead) {
    const backlog = backlogs[id];
    if (backlog !== undefined) backlog.dead = count;
  }
  for (const part of Object.values(parts)) merge(backlogs, part.backlog?.() ?? {}, triggers);
  return backlogs;
}

function merge(
  backlogs: Backlogs,
  own: Record<string, { waiting: number; nextAt: number | null }>,
  triggers: ReadonlyMap<string, Trigger>,
): void {
  for (const [id, { waiting, nextAt }] of Object.entries(own)) {
    const backlog = backlogs[id];
    if (backlog === undefined) continue;
    const paused = triggers.get(id)?.state === "paused";
    backlog[paused ? "held" : "waiting"] += waiting;
    if (nextAt !== null && !paused) backlog.nextAt = Math.min(nextAt, backlog.nextAt ?? nextAt);
  }
}
