import * as z from "zod";

import type { Attempt, DeliveryDetail, DeliveryFilter, DeliverySummary } from "../../../contracts/events/delivery.ts";
import type { Trigger, TriggerKind } from "../../../contracts/events/trigger.ts";
import type { Page, PageRequest } from "../../../contracts/page.ts";
import type { Database, Value } from "../../database.ts";
import { decodeCursor, encodeCursor, pageSize } from "../../pages.ts";
import { readHistory } from "../engine/deliveries.ts";

type SummaryRow = {
  seq: number;
  id: string;
  trigger_id: string;
  trigger_name: string;
  kind: TriggerKind;
  state: "waiting" | "done" | "dead";
  attempts: number;
  at: number;
  due_at: number | null;
  started_at: number | null;
  ended_at: number | null;
  execution_id: string | null;
  duration_ms: number | null;
  error: string | null;
};
type DetailRow = SummaryRow & { history: string | null; data: string };

/** What the lists need to know beside the storage. */
export interface ListDeps {
  db: Database;
  triggers: ReadonlyMap<string, Trigger>;
  /** Numbers of those that are under way. */
  taken: readonly number[];
}

const cursorSchema = z.number().int();
const SUMMARY = `d.seq, d.id, d.trigger_id, t.name AS trigger_name, t.kind, d.state, d.attempts, d.at, d.due_at,
  d.started_at, d.ended_at, d.execution_id, d.duration_ms, d.error`;

/** Deliveries, the last to come first. Of disabled triggers only those that have ended are left. */
export function listDeliveries(deps: ListDeps, filter: DeliveryFilter, page: PageRequest): Page<DeliverySummary> {
  const before = decodeCursor(page.cursor, cursorSchema) ?? Number.MAX_SAFE_INTEGER;
  const size = pageSize(page);
  const rows = select(deps, filter, before, size + 1);
  const items = rows.slice(0, size);
  const last = items.at(-1);
  return {
    items: items.map((row) => summaryOf(deps, row)),
    cursor: rows.length > size && last !== undefined ? encodeCursor(last.seq) : null,
  };
}

/** One delivery with its event and its attempts, the last of those that failed and the one that did not. */
export function findDelivery(deps: ListDeps, id: string): DeliveryDetail | null {
  const row = deps.db.find<DetailRow>(
    `SELECT ${SUMMARY}, d.history, d.data FROM deliveries d JOIN triggers t ON t.id = d.trigger_id WHERE d.id = ?`,
    id,
  );
  if (row === null) return null;
  return { ...summaryOf(deps, row), data: row.data, history: historyOf(row) };
}

/**
 * Each trigger and state is a range of an index, read from its end no further than the page is long; what is under
 * way is in memory only, so it is named one by one, or left out.
 */
function select(deps: ListDeps, filter: DeliveryFilter, before: number, limit: number): SummaryRow[] {
  const { db, taken } = deps;
  if (filter.triggerId === null && filter.state === null) {
    const query = `SELECT ${SUMMARY} FROM deliveries d JOIN triggers t ON t.id = d.trigger_id
                   WHERE d.seq < ? ORDER BY d.seq DESC LIMIT ?`;
    return db.all<SummaryRow>(query, before, limit);
  }
  const ids = JSON.stringify(triggersOf(deps, filter));
  const numbers = JSON.stringify(taken);
  if (filter.state === "running") {
    const query = `SELECT ${SUMMARY} FROM deliveries d JOIN triggers t ON t.id = d.trigger_id
                   WHERE d.seq IN (SELECT value FROM json_each(?)) AND d.state = 'waiting' AND d.seq < ?
                   AND d.trigger_id IN (SELECT value FROM json_each(?)) ORDER BY d.seq DESC LIMIT ?`;
    return db.all<SummaryRow>(query, numbers, before, ids, limit);
  }
  const states = filter.state === null ? ["waiting", "done", "dead"] : [storedState(filter.state)];
  const bindings: Value[] = [ids, JSON.stringify(states), before];
  let other = "";
  if (filter.state === "waiting" || filter.state === "held") {
    other = "AND x.seq NOT IN (SELECT value FROM json_each(?))";
    bindings.push(numbers);
  }
  const query = `SELECT ${SUMMARY} FROM json_each(?1) w CROSS JOIN triggers t CROSS JOIN json_each(?2) s CROSS JOIN deliveries d
    WHERE t.id = w.value AND d.seq IN (
      SELECT x.seq FROM deliveries x WHERE x.trigger_id = t.id AND x.state = s.value AND x.seq < ?3 ${other}
      ORDER BY x.seq DESC LIMIT ?
    ) ORDER BY d.seq DESC LIMIT ?`;
  return db.all<SummaryRow>(query, ...bindings, limit, limit);
}

function storedState(state: "waiting" | "held" | "done" | "dead"): SummaryRow["state"] {
  return state === "held" ? "waiting" : state;
}

/** Ids of the triggers whose deliveries can be meant: what waits for a paused one is held. */
function triggersOf({ db, triggers }: ListDeps, { triggerId, state }: DeliveryFilter): string[] {
  const known =
    triggerId === null ? db.all<{ id: string }>("SELECT id FROM triggers").map(({ id }) => id) : [triggerId];
  if (state !== "held" && state !== "waiting") return known;
  return known.filter((id) => (triggers.get(id)?.state === "paused") === (state === "held"));
}

function summaryOf({ triggers, taken }: ListDeps, row: SummaryRow): DeliverySummary {
  const running = row.state === "waiting" && taken.includes(row.seq);
  const held = row.state === "waiting" && triggers.get(row.trigger_id)?.state === "paused";
  return {
    id: row.id,
    triggerId: row.trigger_id,
    triggerName: row.trigger_name,
    kind: row.kind,
    state: running ? "running" : held ? "held" : row.state,
    attempts: row.attempts,
    at: row.at,
    dueAt: running || held ? null : row.due_at,
    endedAt: row.ended_at,
    lastError: row.error === null ? null : (JSON.parse(row.error) as { code: string; message: string }),
    executionId: row.execution_id,
  };
}

function historyOf(row: DetailRow): Attempt[] {
  const failed = readHistory(row.history);
  if (row.state !== "done" || row.started_at === null) return failed;
  return [...failed, { at: row.started_at, executionId: row.execution_id, durationMs: row.duration_ms, error: null }];
}
