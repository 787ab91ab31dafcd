import { ATTACKS, type Attack } from "../../test/support/attacks.ts";
import { startPlatform, type Platform } from "../../test/support/platform.ts";
import { deployOn, keepAsking, type Asked } from "../../test/support/steady.ts";
import { percentile } from "../support/stats.ts";

/** Requests of the neighbour, each over a connection of its own. */
const PER_SECOND = 20;
/** How long each attack lasts, and how many requests of it go on at once. */
const ATTACK_MS = 2_000;
const ATTACKERS = 4;
/** Pause after an attack, while the neighbour is still asked, in milliseconds. */
const QUIET_MS = 1_000;

export interface NeighbourFigures {
  /** Of all requests of the neighbour during the whole hostile run, in milliseconds. */
  neighbourP99Ms: number;
  neighbourFailures: number;
  neighbourRequests: number;
  /** The longest that the neighbour waited while edges died, in milliseconds. */
  hardKillRecoveryMs: number;
  edgesEnded: number;
  attacks: number;
}

/** Lets every attack loose, one after another, beside a tenant under steady load. */
export async function measureNeighbours(report: (line: string) => void): Promise<NeighbourFigures> {
  const platform = await startPlatform();
  try {
    await deployOn(platform, "steady", `export default () => "steady"`);
    for (const [index, { source }] of ATTACKS.entries()) await deployOn(platform, `wild-${index}`, source);
    report(
      `${"attack".padEnd(42)}${"p50".padStart(7)}${"p99".padStart(7)}${"max".padStart(7)}  failed  ended  answers`,
    );
    const all: Asked[] = [];
    let hardKillRecoveryMs = 0;
    for (const [index, attack] of ATTACKS.entries()) {
      const { asked, ended, answers } = await underAttack(platform, `wild-${index}.localhost`);
      report(rowOf(attack, asked, ended, answers));
      all.push(...asked);
      if (ended > 0) hardKillRecoveryMs = Math.max(hardKillRecoveryMs, ...asked.map(({ waitMs }) => waitMs));
    }
    return {
      neighbourP99Ms: Math.round(percentile(waitsOf(all), 0.99)),
      neighbourFailures: all.filter(({ failure }) => failure !== null).length,
      neighbourRequests: all.length,
      hardKillRecoveryMs: Math.round(hardKillRecoveryMs),
      edgesEnded: endedIn(platform),
      attacks: ATTACKS.length,
    };
  } finally {
    await platform.dispose();
  }
}

async function underAttack(platform: Platform, host: string) {
  const before = endedIn(platform);
  const load = keepAsking(platform, "steady.localhost", PER_SECOND);
  const until = performance.now() + ATTACK_MS;
  const answers = (
    await Promise.all(Array.from({ length: ATTACKERS }, () => attackUntil(platform, host, until)))
  ).flat();
  await new Promise((done) => setTimeout(done, QUIET_MS));
  return { asked: await load.stop(), ended: endedIn(platform) - before, answers };
}

/** Attacks again and again; resolves to what each attempt was answered. */
async function attackUntil(platform: Platform, host: string, until: number): Promise<string[]> {
  const answers: string[] = [];
  while (performance.now() < until) {
    const timeoutMs = Math.max(100, until - performance.now());
    const answer = platform.fetch(host, "/", { timeoutMs });
    answers.push(
      await answer.then(
        ({ status }) => `${status}`,
        (error: Error) => (error.message === "timed out" ? "none" : "cut off"),
      ),
    );
  }
  return answers;
}

/** Edges that died or were killed so far, as the launcher says. */
const endedIn = (platform: Platform): number =>
  platform.output().match(/(?:killed and replaced|has ended by itself: replaced)/g)?.length ?? 0;

const waitsOf = (asked: readonly Asked[]): number[] => asked.map(({ waitMs }) => waitMs);

function rowOf({ name }: Attack, asked: readonly Asked[], ended: number, answers: readonly string[]): string {
  const waits = waitsOf(asked);
  const times = [percentile(waits, 0.5), percentile(waits, 0.99), Math.max(...waits)];
  const failed = asked.filter(({ failure }) => failure !== null).length;
  const counts = Object.entries(Object.groupBy(answers, (answer) => answer));
  const seen = counts.map(([answer, all]) => `${all?.length} × ${answer}`).join(", ");
  const columns = times.map((time) => time.toFixed(0).padStart(7)).join("");
  return `${name.padEnd(42)}${columns}${`${failed}`.padStart(8)}${`${ended}`.padStart(7)}  ${seen}`;
}
