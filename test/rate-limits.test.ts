import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS } from "../contracts/limits.ts";
import { eventually } from "./support/eventually.ts";
import { type Platform, startPlatform } from "./support/platform.ts";
import type { Answer } from "./support/request.ts";

const SECONDS = 6;
const RATE = 15;
/** Callers at once; together they ask for many times the rate. */
const CALLERS = 8;

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
  const client = await platform.client();
  for (const slug of ["bounded", "free"]) {
    await client.createOrg({ body: { slug, name: slug } });
    const source = `export default () => new Response("hello");`;
    await client.createScript({ params: { slug }, body: { name: "hello", files: { "index.js": source } } });
    await client.createRoute({ params: { slug }, body: { script: "hello", path: "/*" } });
  }
}, 60_000);
afterAll(() => platform.dispose());

const get = (slug: string, headers: Record<string, string> = {}): Promise<Answer> =>
  platform.fetch(`${slug}.localhost`, "/", { headers });

/** All answers that some callers get in some seconds, each with the second in which it came. */
async function ask(slug: string, seconds: number): Promise<{ second: number; answer: Answer }[]> {
  const began = performance.now();
  const answers: { second: number; answer: Answer }[] = [];
  const caller = async (): Promise<void> => {
    for (;;) {
      const answer = await get(slug);
      const second = Math.floor((performance.now() - began) / 1_000);
      if (second >= seconds) return;
      answers.push({ second, answer });
      // On a connection of its own each request finds its edge anew, and a pause leaves the other edge its part.
      await new Promise((done) => setTimeout(done, 5));
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return answers;
}

describe("an org whose plan bounds its requests", () => {
  test(
    "gets about what it may over all edges together, and its neighbour is not touched",
    { timeout: 60_000 },
    async () => {
      const client = await platform.client();
      await client.patchOrg({ params: { slug: "bounded" }, body: { quotas: { requestsPerSecond: RATE } } });
      const isBounded = async (): Promise<boolean> =>
        (await Promise.all(Array.from({ length: 6 * RATE }, () => get("bounded")))).some(
          ({ status }) => status === 429,
        );
      expect(await eventually(isBounded, (bounded) => bounded)).toBe(true);

      const neighbours: number[] = [];
      const neighbour = async (): Promise<void> => {
        for (let index = 0; index < 20; index++) {
          neighbours.push((await get("free")).status);
          await new Promise((done) => setTimeout(done, 100));
        }
      };
      const [answers] = await Promise.all([ask("bounded", SECONDS), neighbour()]);
      const through = answers.filter(({ answer }) => answer.status === 200);
      const refused = answers.filter(({ answer }) => answer.status === 429);
      expect(through.length + refused.length).toBe(answers.length);
      expect(refused.length).toBeGreaterThan(0);
      // The first seconds belong to what either edge lets through before it knows of the other.
      const steady = through.filter(({ second }) => second >= 2).length / (SECONDS - 2);
      expect(steady).toBeGreaterThan(RATE * 0.7);
      expect(steady).toBeLessThan(RATE * 1.3);
      for (const { answer } of refused) {
        expect(answer.headers).toMatchObject({
          "retry-after": "1",
          "x-ratelimit-limit": String(RATE),
          "x-ratelimit-remaining": "0",
        });
      }
      expect(new Set(neighbours)).toEqual(new Set([200]));
    },
  );
});

describe("a host where no org lives", () => {
  test("does not believe what a caller says of its own address", async () => {
    const forged = { "cf-connecting-ip": "192.0.2.1" };
    const statuses = new Set<number>();
    for (let count = 0; count < 3 * UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS; count += 20) {
      for (const { status } of await Promise.all(Array.from({ length: 20 }, () => get("nobody", forged)))) {
        statuses.add(status);
      }
    }
    expect(statuses).toEqual(new Set([404]));
  });
});
