import { PlatformError } from "../../../contracts/errors.ts";
import type { CronRun } from "../../../contracts/events/delivery.ts";
import type { EventData } from "../../../contracts/events/event.ts";
import type { SourceOf, Trigger } from "../../../contracts/events/trigger.ts";
import { newId } from "../../../contracts/ids.ts";
import { CRON_HEAD_START_MS, CRON_MISSED_MAX, CRON_STEPS_PER_PASS } from "../../../contracts/limits.ts";
import type { Page, PageRequest } from "../../../contracts/page.ts";
import type { WakeUp } from "../../alarms.ts";
import type { Database } from "../../database.ts";
import type { Configuration } from "../configuration.ts";
import type { AttemptMade, DeliveryRow } from "../engine/deliveries.ts";
import type { Engine } from "../engine/engine.ts";
import type { Part } from "../engine/part.ts";
import { cronHistory, forgetOthers, noteEnd, noteRun, supersede } from "./history.ts";
import { passOf } from "./pass.ts";
import { dueSchedules, nextStartAt, reconcile, type ScheduleRow, setDue, startTimes } from "./schedules.ts";

/** What cron needs of its object. */
export interface CronDeps {
  db: Database;
  configuration: Configuration;
  engine: Pick<Engine, "add" | "commit" | "backlog">;
  /** 0 ≤ chance < 1. */
  chance: () => number;
  /** Has the edges get ready for runs that come soon. */
  warm: (slug: string) => void;
}

/**
 * Sets triggers off by the clock. That a schedule was due and that it is due later is written in one transaction, so
 * that no crash makes it run twice or not at all.
 */
export class CronPart implements Part {
  readonly #deps: CronDeps;
  /** Not the same for all objects. */
  readonly #headStartMs: number;

  constructor(deps: CronDeps) {
    this.#deps = deps;
    this.#headStartMs = Math.round(CRON_HEAD_START_MS * (0.5 + deps.chance() / 2));
  }

  /**
   * Wakes the object some time before a schedule is due, so that all there is to write is written when its time comes:
   * many objects have schedules for the same second, and would stand in each other's way just then.
   */
  get wakeUp(): WakeUp {
    const { db, configuration } = this.#deps;
    return {
      dueAt: () => {
        const startsAt = db.exists && !configuration.resting ? nextStartAt(db) : null;
        return startsAt === null ? null : startsAt - this.#headStartMs;
      },
      run: async (now) => this.run(now),
    };
  }

  /** Sets off what is due or is about to be, each for its time, or as much of it as one pass takes; the rest stays. */
  run(now: number): void {
    const { db, engine, configuration, warm } = this.#deps;
    const startsAt = nextStartAt(db);
    if (startsAt !== null && startsAt > now && configuration.identity !== null) warm(configuration.identity.slug);
    engine.commit(() => {
      let steps = 0;
      for (const row of dueSchedules(db, now + this.#headStartMs)) {
        steps += this.#setOff(row, configuration.triggers.get(row.trigger_id), Math.max(now, row.starts_at));
        if (steps >= CRON_STEPS_PER_PASS) break;
      }
    });
  }

  configured(_before: ReadonlyMap<string, Trigger>, after: ReadonlyMap<string, Trigger>, now: number): void {
    const { db, chance, configuration } = this.#deps;
    reconcile(db, after, chance, now);
    forgetOthers(db, now);
    // Until this change: no schedule was looked at, and each is to run once for all that was missed.
    if (configuration.resting)
      for (const row of dueSchedules(db, now)) this.#setOff(row, after.get(row.trigger_id), now);
  }

  ended(row: DeliveryRow, end: AttemptMade & { state: "done" | "dead" }): void {
    noteEnd(this.#deps.db, row.id, end);
  }

  backlog(): Record<string, { waiting: number; nextAt: number | null }> {
    if (!this.#deps.db.exists) return {};
    const times = startTimes(this.#deps.db);
    return Object.fromEntries(times.map((row) => [row.trigger_id, { waiting: 0, nextAt: row.starts_at }]));
  }

  /** Sets a trigger off out of turn; there is nothing to say of it but the time. */
  fire(trigger: Trigger, _data: string | null, now: number): string {
    const { id, source } = trigger;
    if (source.kind !== "cron") throw new PlatformError("internal", "Only a schedule can be set off so.");
    return this.#deliver({ id, source }, { scheduledAt: now, missed: 0 }, now);
  }

  /** Due times of a trigger that have come, the newest first. */
  history(triggerId: string, page: PageRequest): Page<CronRun> {
    const { db, configuration, engine } = this.#deps;
    if (!db.exists) return { items: [], cursor: null };
    const isPaused = configuration.triggers.get(triggerId)?.state === "paused";
    return cronHistory(db, { id: triggerId, isPaused, underWay: engine.backlog.taken() }, page);
  }

  /** `at` is when it starts. */
  #setOff(row: ScheduleRow, trigger: Trigger | undefined, at: number): number {
    const { db, configuration, chance, engine } = this.#deps;
    const source = JSON.parse(row.source) as SourceOf<"cron">;
    const pass = passOf(source, row.due_at, at);
    setDue(db, { id: row.trigger_id, source, text: row.source }, pass.nextAt, chance());
    if (trigger === undefined) return pass.steps;
    let { missed } = pass;
    // While it is paused, or its org rests, the newest run stands for all before it: resumed, it is to run once.
    if (trigger.state === "paused" || configuration.resting)
      missed += supersede(db, trigger.id, engine.backlog.taken());
    this.#deliver({ id: trigger.id, source }, { ...pass, missed: Math.min(missed, CRON_MISSED_MAX) }, at);
    return pass.steps;
  }

  #deliver(
    { id: triggerId, source }: { id: string; source: SourceOf<"cron"> },
    { scheduledAt, missed }: { scheduledAt: number; missed: number },
    at: number,
  ): string {
    const id = newId("delivery");
    const data: EventData = {
      kind: "cron",
      schedule: source.schedule,
      timeZone: source.timeZone,
      scheduledAt,
      missed,
    };
    const delivery = { id, triggerId, orderKey: null, at: scheduledAt, depth: 1, causedBy: null };
    this.#deps.engine.add({ ...delivery, data: JSON.stringify(data) }, at, at);
    noteRun(this.#deps.db, { triggerId, scheduledAt, missed, deliveryId: id });
    return id;
  }
}
