import { percentile, round } from "../support/stats.ts";
import { pause, type EventStage } from "./stage.ts";

const ORGS = 100;
const SCHEDULES_PER_ORG = 10;
/** Time after the minute in which late runs are still waited for, in milliseconds. */
const GRACE_MS = 10_000;

const SOURCE = `
export default {
  scheduled() {},
  fetch() { return Response.json("ok"); },
};
`;

interface CronRun {
  scheduledAt: number;
  /** When an edge was asked for it. */
  startedAt: number | null;
  executionId: string | null;
}

/** How late a run was, in milliseconds: when an edge was asked for it, and when the edge began it. */
interface Lateness {
  asked: number;
  begun: number;
}

/**
 * How late scheduled runs begin: a thousand of them over a hundred orgs, each due once in the same minute, spread over
 * its seconds; and, beside it, the same number all due in one second, which is a measure of throughput.
 */
export async function measureClock(stage: EventStage, report: (line: string) => void) {
  for (let org = 0; org < ORGS; org++) await stage.deploy(`clock-${org}`, SOURCE);
  const minute = nextMinute(30_000);
  for (let org = 0; org < ORGS; org++) {
    for (let index = 0; index < SCHEDULES_PER_ORG; index++) {
      const second = (org * SCHEDULES_PER_ORG + index) % 60;
      await schedule(
        stage,
        `clock-${org}`,
        `spread-${index}`,
        `${second} ${minute.getUTCMinutes()} ${minute.getUTCHours()} * * *`,
      );
    }
  }
  if (Date.now() > minute.getTime()) throw new Error("The schedules were not made in time.");
  await pause(minute.getTime() + 60_000 + GRACE_MS - Date.now());
  const spread = await latenesses(stage, "spread");

  const second = nextMinute(30_000);
  for (let org = 0; org < ORGS; org++) {
    for (let index = 0; index < SCHEDULES_PER_ORG; index++) {
      await schedule(
        stage,
        `clock-${org}`,
        `burst-${index}`,
        `0 ${second.getUTCMinutes()} ${second.getUTCHours()} * * *`,
      );
    }
  }
  await pause(Math.max(0, second.getTime() + GRACE_MS - Date.now()));
  const burst = await latenesses(stage, "burst");

  const figures = {
    cronLatenessP95Ms: p95(spread, "begun"),
    cronTimerLatenessP95Ms: p95(spread, "asked"),
    cronSameSecondP95Ms: p95(burst, "begun"),
  };
  report(
    `${spread.length} schedules of ${ORGS} orgs in one minute: late by p95 ${figures.cronTimerLatenessP95Ms} ms when an edge is asked, ${figures.cronLatenessP95Ms} ms when it begins; ${burst.length} in one second: ${figures.cronSameSecondP95Ms} ms`,
  );
  return figures;
}

const p95 = (late: readonly Lateness[], moment: keyof Lateness): number =>
  round(
    percentile(
      late.map((each) => each[moment]),
      0.95,
    ),
    1,
  );

/** The first minute that begins after so many milliseconds and a margin for making schedules. */
function nextMinute(marginMs: number): Date {
  const at = new Date(Date.now() + marginMs + 60_000);
  at.setUTCSeconds(0, 0);
  return at;
}

const schedule = (stage: EventStage, slug: string, name: string, expression: string): Promise<unknown> =>
  stage.api.call("POST", `/orgs/${slug}/triggers`, {
    name,
    script: "main",
    source: { kind: "cron", schedule: expression },
  });

/** How long after its due time each run reached its edge; each has to have run once. */
async function latenesses(stage: EventStage, prefix: string): Promise<Lateness[]> {
  const late: Lateness[] = [];
  for (let org = 0; org < ORGS; org++) {
    const begun = await startTimes(stage, `clock-${org}`);
    for (let index = 0; index < SCHEDULES_PER_ORG; index++) {
      const path = `/orgs/clock-${org}/triggers/${prefix}-${index}/history`;
      const { items } = await stage.api.call<{ items: CronRun[] }>("GET", path);
      if (items.length !== 1) throw new Error(`clock-${org} ${prefix}-${index} ran ${items.length} times.`);
      for (const { scheduledAt, startedAt, executionId } of items) {
        const begunAt = begun.get(executionId ?? "");
        if (begunAt === undefined || startedAt === null) throw new Error(`${path} never began.`);
        late.push({ asked: startedAt - scheduledAt, begun: begunAt - scheduledAt });
      }
    }
  }
  return late;
}

/** When each execution of an org began, as its edge saw it. */
async function startTimes(stage: EventStage, slug: string): Promise<Map<string, number>> {
  const path = `/orgs/${slug}/executions?trigger=cron&limit=100`;
  const { items } = await stage.api.call<{ items: { id: string; startedAt: number }[] }>("GET", path);
  return new Map(items.map(({ id, startedAt }) => [id, startedAt]));
}
