import { setTimeout as wait } from "node:timers/promises";

import type { z } from "zod";

import type { executionSchema, tailEventSchema } from "../../contracts/api/executions.ts";
import { ERROR_STATUS, platformErrorOf } from "../../contracts/errors.ts";
import { readPages } from "./pages.ts";
import type { Workplace } from "./workplace.ts";

type Execution = z.output<typeof executionSchema>;

/** Which executions to follow. */
export interface TailFilter {
  script?: string;
  status?: string;
  trigger?: Execution["trigger"];
  text?: string;
}

export interface TailOptions {
  filter: TailFilter;
  /** How many to show of those that ran already, and from which time. */
  backlog: { limit: number; since?: string };
  /** Ends the tail without an error. */
  signal: AbortSignal;
}

/** What a follower is told: the API's events, and that the connection broke and will be made again. */
export type Told = z.output<typeof tailEventSchema> | { type: "interrupted"; reason: string };

const WAIT_MS_MIN = 250;
const WAIT_MS_MAX = 10_000;
/** How far before the last execution a gap may hold others: those that were running then, in milliseconds. */
const OVERLAP_MS = 40_000;
const SEEN_MAX = 10_000;
const CATCH_UP_MAX = 1_000;

/**
 * Follows what runs in an org until the signal aborts, each execution once. A connection that breaks is
 * made again, and what ran in between is read from the list.
 * @throws ApiError when the tail is refused for good: the key was revoked, the script does not exist.
 */
export async function* followExecutions(place: Workplace, options: TailOptions): AsyncGenerator<Told, void> {
  const { client, slug } = place;
  const { filter, backlog, signal } = options;
  const seen = new Seen();
  const beganAt = Date.now();
  let failures = 0;

  const catchUp = async (first: boolean): Promise<Execution[]> => {
    if (first && backlog.limit === 0) return [];
    const since = first ? backlog.since : String(Math.max(beganAt, seen.lastAt - OVERLAP_MS));
    const query = { ...filter, ...(since === undefined ? {} : { since }) };
    const wanted = { limit: first ? backlog.limit : CATCH_UP_MAX, cursor: undefined, all: false };
    const page = await readPages(wanted, (range) =>
      client.listExecutions({ params: { slug }, query: { ...query, ...range }, signal }),
    );
    return page.items.reverse();
  };

  for (let first = true; !signal.aborted;) {
    try {
      // Connected before the list is read, so that nothing falls between the two.
      const events = await client.tailExecutions({ params: { slug }, query: { ...filter }, signal });
      const ranAlready = await catchUp(first);
      first = false;
      failures = 0;
      for (const execution of ranAlready) if (seen.add(execution, true)) yield { type: "execution", execution };
      for await (const event of events) {
        const fresh = seen.fresh(event);
        if (fresh !== null) yield fresh;
      }
    } catch (error) {
      if (aborted(signal)) return;
      const reason = passingReason(error);
      if (reason === null) throw error;
      yield { type: "interrupted", reason };
    }
    const pause = Math.min(WAIT_MS_MAX, WAIT_MS_MIN * 2 ** failures);
    failures += 1;
    await wait(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
  }
}

// Asked for anew at each place: it changes while somebody waits.
const aborted = (signal: AbortSignal): boolean => signal.aborted;

/** Why a connection broke that may be made again; null for a refusal that will not change. */
function passingReason(error: unknown): string | null {
  const known = platformErrorOf(error);
  if (known === null || known.code === "internal") return null;
  return ERROR_STATUS[known.code] >= 500 || known.code === "too_many_requests" ? known.message : null;
}

/** What was told already, as far back as a connection can repeat it. */
class Seen {
  /** Start of the newest execution told, in epoch milliseconds. */
  lastAt = 0;
  /** By execution id: the lines that came with it where the stream may bring them again. */
  readonly #lines = new Map<string, ReadonlySet<string>>();

  /** Remembers an execution; false when it was told before. */
  add(execution: Execution, fromList: boolean): boolean {
    if (this.#lines.has(execution.id)) return false;
    this.lastAt = Math.max(this.lastAt, execution.startedAt);
    this.#lines.set(execution.id, new Set(fromList ? execution.lines.map((line) => JSON.stringify(line)) : []));
    const [oldest] = this.#lines.keys();
    if (this.#lines.size > SEEN_MAX && oldest !== undefined) this.#lines.delete(oldest);
    return true;
  }

  /** The part of an event that was not told before; null where that is nothing. */
  fresh(event: z.output<typeof tailEventSchema>): Told | null {
    if (event.type === "execution") return this.add(event.execution, false) ? event : null;
    if (event.type !== "lines") return event;
    const told = this.#lines.get(event.executionId);
    const lines = event.lines.filter((line) => told?.has(JSON.stringify(line)) !== true);
    return lines.length === 0 ? null : { ...event, lines };
  }
}
