import { parseArgs } from "node:util";

import { startPlatform } from "../test/support/platform.ts";
import { isClean, judge, sum, type Verdict } from "./judge.ts";
import { Load } from "./load.ts";
import { Stage } from "./stage.ts";
import { compareUsage, isExact, type UsageVerdict } from "./usage.ts";
import { VICTIMS } from "./victims.ts";

const HELP = `npm run crash -- [--rounds <number>] [--usage [--requests <number>]] [--json]

Starts a platform of its own, keeps two orgs writing, and kills one of its processes (kill -9) at a random moment in each
round: the core, one edge, both edges, or the launcher. Ends with 1 when an acknowledged write is gone, an event did not
reach its handler, reached it under two ids or in another org, or the clock struck twice.

With --usage it sends requests to one org instead, kills a random edge every few seconds, and compares what was answered
with what was counted. Ends with 1 when anything was counted twice, or is missing that was answered longer than 250 ms
before a kill.

  --rounds    how many kills (50)
  --usage     compare usage
  --requests  with --usage, how many requests (100000)
  --json      one flat object on the last line
`;
const ROUNDS = 50;
/** How long a round lasts before its kill, in milliseconds. */
const ROUND_MS_MIN = 200;
const ROUND_MS_MAX = 1_500;
/** How many requests are sent to compare usage, and the pause before each kill, in milliseconds. */
const REQUESTS = 100_000;
const USAGE_PAUSE_MS = { min: 1_000, max: 4_000 };

const report = (line: string): void => void process.stderr.write(`${line}\n`);
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function crash(rounds: number): Promise<Verdict & { rounds: number; unanswered: number }> {
  const stage = await Stage.open();
  try {
    const load = new Load(() => stage.platform(), stage.orgs);
    for (let round = 1; round <= rounds; round++) {
      await pause(ROUND_MS_MIN + Math.random() * (ROUND_MS_MAX - ROUND_MS_MIN));
      // Each in turn, so that a short run has them all.
      const victim = VICTIMS[round % VICTIMS.length] ?? "core";
      const began = performance.now();
      await stage.strike(victim);
      report(`round ${round}: ${victim} killed, served again after ${Math.round(performance.now() - began)} ms`);
    }
    await pause(ROUND_MS_MAX);
    await load.stop();
    report("waiting for all events to arrive");
    const verdicts: Verdict[] = [];
    for (const slug of stage.orgs) verdicts.push(judge(await stage.evidence(slug, load)));
    return { rounds, ...sum(verdicts), unanswered: load.unanswered };
  } finally {
    await stage.dispose();
  }
}

async function usage(requests: number): Promise<UsageVerdict> {
  const platform = await startPlatform();
  try {
    return await compareUsage(platform, { requests, pauseMs: USAGE_PAUSE_MS, report });
  } finally {
    await platform.dispose();
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: String(ROUNDS) },
      usage: { type: "boolean", default: false },
      requests: { type: "string", default: String(REQUESTS) },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    process.stderr.write("crash: --rounds must be a whole number from 1\n");
    return 2;
  }
  const requests = Number(values.requests);
  if (!Number.isInteger(requests) || requests < 1) {
    process.stderr.write("crash: --requests must be a whole number from 1\n");
    return 2;
  }
  if (values.usage) {
    const verdict = await usage(requests);
    print(verdict, values.json);
    return isExact(verdict) ? 0 : 1;
  }
  const verdict = await crash(rounds);
  print(verdict, values.json);
  return isClean(verdict) ? 0 : 1;
}

function print(verdict: object, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify(verdict)}\n`);
  else for (const [name, value] of Object.entries(verdict)) process.stdout.write(`${name.padEnd(20)} ${value}\n`);
}

process.exitCode = await main();
