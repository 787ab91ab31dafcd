import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ENDING, ENDLESS_LOOPS, STOPPED, type Attack } from "./support/attacks.ts";
import { startPlatform, type Platform } from "./support/platform.ts";
import { deployOn, keepAsking, type Asked } from "./support/steady.ts";

/** Requests of the steady tenant per second, each over a connection of its own. */
const PER_SECOND = 20;
/** Longest that it may wait while edges are replaced, in milliseconds; on a machine that is busy with other things too. */
const RECOVERY_MS = 2_500;

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform();
  await deployOn(platform, "steady", `export default () => "steady"`);
});

afterAll(async () => {
  await platform?.dispose();
});

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Lets attacks loose one after another, two requests of each at once; resolves to how the steady tenant fared. */
async function besideSteady(attacks: readonly Attack[], prefix: string): Promise<Asked[]> {
  for (const [index, { source }] of attacks.entries()) await deployOn(platform, `${prefix}-${index}`, source);
  const load = keepAsking(platform, "steady.localhost", PER_SECOND);
  for (const [index] of attacks.entries()) {
    const attack = () => platform.fetch(`${prefix}-${index}.localhost`, "/", { timeoutMs: 3_000 }).catch(() => null);
    await Promise.all([attack(), attack()]);
  }
  return load.stop();
}

const failuresOf = (asked: readonly Asked[]): string[] => asked.flatMap(({ failure }) => failure ?? []);
const slowestOf = (asked: readonly Asked[]): number => Math.max(...asked.map(({ waitMs }) => waitMs));

describe("a neighbour under steady load", () => {
  it("loses no request to what limits and flags stop, and keeps its processes", async () => {
    const asked = await besideSteady([...ENDLESS_LOOPS.slice(0, 3), ...STOPPED], "stopped");
    expect(asked.length).toBeGreaterThan(20);
    expect(failuresOf(asked)).toEqual([]);
    expect(platform.output()).not.toMatch(/killed and replaced|ended by itself/);
  });

  it("waits at most until a process is replaced for what ends processes", async () => {
    const representative = ENDING.filter(({ name }) => /array|split|backreference/.test(name));
    expect(representative).toHaveLength(3);
    const asked = await besideSteady(representative, "ending");
    expect(slowestOf(asked)).toBeLessThan(RECOVERY_MS);
    // What a process had taken in when it ended is lost with it.
    expect(failuresOf(asked).length).toBeLessThanOrEqual(asked.length / 20);
    expect(platform.output()).toMatch(/killed and replaced|ended by itself/);
  });
});

describe("a tenant that only computes a lot", () => {
  it("gets all its answers, and nobody takes its edges for hung", async () => {
    const busyMs = 40;
    const source = `export default { fetch() { const began = Date.now(); while (Date.now() - began < ${busyMs}); return new Response(); } }`;
    await deployOn(platform, "busy", source);
    const before = platform.output();
    const steady = keepAsking(platform, "steady.localhost", PER_SECOND);
    const many = Array.from({ length: 80 }, () => platform.fetch("busy.localhost", "/"));
    const statuses = (await Promise.all(many)).map(({ status }) => status);
    expect(statuses).toEqual(statuses.map(() => 200));
    expect(failuresOf(await steady.stop())).toEqual([]);
    expect(platform.output()).toBe(before);
  });
});

describe("a tenant that keeps ending edges", () => {
  it("is refused with the reason, in its log too, while its neighbours are served", async () => {
    const bomb = ENDING.find(({ name }) => name === "split bomb")?.source ?? "";
    await deployOn(platform, "bomber", bomb);
    await deployOn(platform, "bystander", `export default () => "bystander"`);
    const steady = keepAsking(platform, "steady.localhost", PER_SECOND);
    const bystander = keepAsking(platform, "bystander.localhost", PER_SECOND);
    const refusal = await untilRefused("bomber.localhost");
    await pause(200);
    const asked = [...(await steady.stop()), ...(await bystander.stop())];
    expect(asked.flatMap(({ failure }) => (failure?.startsWith("status") === true ? failure : []))).toEqual([]);
    expect(slowestOf(asked)).toBeLessThan(RECOVERY_MS);

    expect(Number(refusal.headers["retry-after"])).toBeGreaterThan(30);
    expect(refusal.text).toContain("keep ending the process they run in");
    expect((await platform.fetch("bystander.localhost", "/")).status).toBe(200);

    const client = await platform.client();
    const { items } = await client.listExecutions({ params: { slug: "bomber" } });
    expect(items.map(({ status }) => status)).toContain(503);
  });
});

/** Asks until an answer says that the org is refused for a while. */
async function untilRefused(host: string) {
  const until = performance.now() + 30_000;
  while (performance.now() < until) {
    const answer = await platform.fetch(host, "/", { headers: { accept: "application/json" } }).catch(() => null);
    if (answer?.status === 503 && /not run until/.test(answer.text)) return answer;
    await pause(100);
  }
  throw new Error(`${host} was never refused:\n${platform.output()}`);
}
