import { Agent } from "node:http";

import { STATE_CALL_MS } from "../contracts/limits.ts";
import type { Platform } from "../test/support/platform.ts";
import { commandOf, descendants } from "../test/support/processes.ts";
import { Api } from "./api.ts";

/** What an edge may lose when it is killed: what it answered in so many milliseconds before. */
const LOST_MS = 250;
/** Requests under way at once. */
const WORKERS = 16;
/** Requests over one connection: else all of them end up at one process, and the others are killed for nothing. */
const REQUESTS_PER_CONNECTION = 100;
/**
 * Time the count has to stand still before it counts as final, in milliseconds; longer where something is missing, for
 * a hand-over whose answer is lost is made again when its deadline is over. And the time in which it has to come to that.
 */
const STILL_MS = 1_500;
const STILL_MISSING_MS = 2 * STATE_CALL_MS;
const SETTLE_MS = 30_000;

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** What was answered and what was counted, in requests. */
export interface UsageVerdict {
  kills: number;
  answered: number;
  /** Sent and not answered: each of them may have been counted or not. */
  unanswered: number;
  /** Answered within {@link LOST_MS} before a kill, by whichever edge. */
  answeredBeforeKills: number;
  counted: number;
  executions: number;
  /** Answered and not counted. */
  missing: number;
  /** Counted more than there can have been. */
  doubled: number;
  /** Missing although answered longer before a kill. */
  lostTooMuch: number;
}

export interface UsageOptions {
  requests: number;
  /** Requests go on until there were so many kills. */
  killsMin?: number;
  /** Pause before each kill, in milliseconds, chosen at random between the two. */
  pauseMs: { min: number; max: number };
  /** Kills after which no more follow. */
  killsMax?: number;
  report?: (line: string) => void;
}

/**
 * Sends requests to an org over connections that stay open while random edges are killed (kill -9), and compares what
 * was answered with what was counted.
 */
export async function compareUsage(platform: Platform, options: UsageOptions): Promise<UsageVerdict> {
  const { requests, pauseMs, killsMin = 0, killsMax = Infinity, report = () => {} } = options;
  const api = new Api(() => platform);
  const slug = await prepare(api);
  const answeredAt: number[] = [];
  const killedAt: number[] = [];
  const progress = { sent: 0, unanswered: 0, done: false };

  const send = async (): Promise<void> => {
    let agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let count = 1; progress.sent < requests || killedAt.length < killsMin; count += 1) {
      progress.sent += 1;
      if (count % REQUESTS_PER_CONNECTION === 0) {
        agent.destroy();
        agent = new Agent({ keepAlive: true, maxSockets: 1 });
      }
      try {
        await platform.fetch(`${slug}.localhost`, "/", { agent, timeoutMs: 10_000 });
        answeredAt.push(performance.now());
      } catch {
        progress.unanswered += 1;
      }
    }
    agent.destroy();
  };
  const kill = async (): Promise<void> => {
    while (killedAt.length < killsMax) {
      await pause(pauseMs.min + Math.random() * (pauseMs.max - pauseMs.min));
      if (progress.done) return;
      const serving = serversOf(platform.process.pid ?? 0);
      const pid = serving[Math.floor(Math.random() * serving.length)];
      if (pid === undefined) continue;
      process.kill(pid, "SIGKILL");
      killedAt.push(performance.now());
      report(`kill ${killedAt.length} after ${answeredAt.length} answers`);
    }
  };
  const killing = kill();
  await Promise.all(Array.from({ length: WORKERS }, send));
  progress.done = true;
  await killing;
  const { requests: counted, executions } = await finalCount(api, slug, answeredAt.length);

  const isRecent = (at: number): boolean => killedAt.some((killed) => at <= killed && at > killed - LOST_MS);
  const answeredBeforeKills = answeredAt.filter(isRecent).length;
  const answered = answeredAt.length;
  const { unanswered } = progress;
  return {
    kills: killedAt.length,
    answered,
    unanswered,
    answeredBeforeKills,
    counted,
    executions,
    missing: Math.max(0, answered - counted),
    doubled: Math.max(0, counted - answered - unanswered),
    lostTooMuch: Math.max(0, answered - answeredBeforeKills - counted),
  };
}

/** Every process that may answer: the edges, and the relief that takes their new connections while one is silent. */
const serversOf = (launcher: number): number[] =>
  descendants(launcher).filter((pid) => /\/(edge|relief)-/.test(commandOf(pid)));

/** Whether nothing was counted twice, and nothing is missing but what may be. */
export const isExact = ({ doubled, lostTooMuch }: UsageVerdict): boolean => doubled === 0 && lostTooMuch === 0;

async function prepare(api: Api): Promise<string> {
  const slug = `usage-${Date.now().toString(36)}`;
  await api.call("POST", "/orgs", { slug });
  await api.call("POST", `/orgs/${slug}/scripts`, { name: "main", source: `export default () => "ok"` });
  await api.call("POST", `/orgs/${slug}/routes`, { script: "main", path: "/*" });
  return slug;
}

type Total = { requests: number; executions: number };

/** What is counted when nothing more comes. */
async function finalCount(api: Api, slug: string, answered: number): Promise<Total> {
  const look = async (): Promise<Total> =>
    (await api.call<{ total: Total }>("GET", `/orgs/${slug}/usage?by=month`)).total;
  let total = await look();
  let since = Date.now();
  const until = since + SETTLE_MS;
  while (Date.now() - since < (total.requests < answered ? STILL_MISSING_MS : STILL_MS)) {
    if (Date.now() > until) throw new Error(`the count still changes after ${SETTLE_MS} ms`);
    await pause(250);
    const now = await look();
    if (now.requests !== total.requests || now.executions !== total.executions) since = Date.now();
    total = now;
  }
  return total;
}
