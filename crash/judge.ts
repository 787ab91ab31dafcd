import type { Entry } from "./api.ts";

/** What one org has to show after all is over. */
export interface Evidence {
  org: string;
  acknowledged: ReadonlySet<string>;
  /** Keys that are there, by what wrote them. */
  kvKeys: ReadonlySet<string>;
  docIds: ReadonlySet<string>;
  /** What reached handlers: `<kind>/<key>/<idempotency id>` → `{ org, attempt }`. */
  seen: readonly Entry[];
  /** What the clock set off: `<due time>/<idempotency id>`. */
  ticks: readonly Entry[];
  /** Dead letters: each is an event that did not reach its handler well. */
  deadLetters: number;
}

/** The table: everything but the first four must be 0. */
export interface Verdict {
  acknowledged: number;
  events: number;
  ticks: number;
  /** Deliveries that were made more than once, under the same id: allowed. */
  repeated: number;
  lostWrites: number;
  lostEvents: number;
  /** Changes that reached a handler under two ids. */
  secondIds: number;
  /** What reached a handler of another org. */
  foreign: number;
  /** Due times that fired under two ids. */
  ticksTwice: number;
  deadLetters: number;
}

const KINDS = ["kv", "docs", "queue"] as const;

/** Weighs what one org has to show. */
export function judge(evidence: Evidence): Verdict {
  const { org, acknowledged, kvKeys, docIds, seen, ticks, deadLetters } = evidence;
  const ids = new Map<string, Set<string>>();
  let foreign = 0;
  let repeated = 0;
  for (const { key, value } of seen) {
    const [kind = "", change = "", id = ""] = key.split("/");
    const known = ids.get(`${kind}/${change}`) ?? new Set();
    ids.set(`${kind}/${change}`, known.add(id));
    const { org: writer, attempt } = value as { org: string; attempt: number };
    if (writer !== org || !change.startsWith(`${org}-`)) foreign += 1;
    if (attempt > 1) repeated += 1;
  }
  const dueTimes = new Map<string, number>();
  for (const { key } of ticks) {
    const dueAt = key.split("/")[0] ?? "";
    dueTimes.set(dueAt, (dueTimes.get(dueAt) ?? 0) + 1);
  }
  const writes = [...acknowledged];
  return {
    acknowledged: writes.length,
    events: seen.length,
    ticks: ticks.length,
    repeated,
    lostWrites: writes.filter((key) => !kvKeys.has(key) || !docIds.has(key)).length,
    lostEvents: writes.flatMap((key) => KINDS.filter((kind) => !ids.has(`${kind}/${key}`))).length,
    secondIds: [...ids.values()].filter((known) => known.size > 1).length,
    foreign,
    ticksTwice: [...dueTimes.values()].filter((count) => count > 1).length,
    deadLetters,
  };
}

/** Adds tables up. */
export function sum(verdicts: readonly Verdict[]): Verdict {
  const [first, ...rest] = verdicts;
  if (first === undefined) throw new Error("There is nothing to add up.");
  const total = { ...first };
  for (const verdict of rest) {
    for (const name of Object.keys(total) as (keyof Verdict)[]) total[name] += verdict[name];
  }
  return total;
}

/** Whether nothing was lost, doubled, or seen by a stranger. */
export const isClean = (verdict: Verdict): boolean =>
  verdict.lostWrites + verdict.lostEvents + verdict.secondIds + verdict.foreign + verdict.ticksTwice === 0;
