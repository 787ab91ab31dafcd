import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { API_CALLS_PER_MINUTE_OF_ADDRESS } from "../../contracts/limits.ts";
import { type Answer, type CallOptions, type Core, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, type Person } from "./support/people.ts";

/** Few enough that what comes back while a test runs is little, also on a slow machine. */
const PER_MINUTE = 120;

let core: Core;
let owner: Person;
let alpha: string;
let beta: string;
beforeAll(async () => {
  core = await startCore({
    PUBLIC_URL: "https://app.example.com",
    TENANT_URL: "https://{slug}.tenants.example",
    API_CALLS_PER_MINUTE: String(PER_MINUTE),
  });
  owner = await claim(core);
  alpha = await makeOrg(core, owner.token, "alpha");
  beta = await makeOrg(core, owner.token, "beta");
});
afterAll(() => core.stop());

const rateOf = ({ headers }: Answer): (number | null)[] =>
  ["limit", "remaining", "reset"].map((name) => {
    const value = headers.get(`x-ratelimit-${name}`);
    return value === null ? null : Number(value);
  });
const remaining = (answer: Answer): number => rateOf(answer)[1] ?? Number.NaN;
const from = (address: string, options: CallOptions = {}): CallOptions => ({
  ...options,
  headers: { ...options.headers, "cf-connecting-ip": address },
});
/** Expects that so many calls were counted from one answer to the next; what came back meanwhile hides some. */
function expectCounted(before: Answer, after: Answer, calls: number): void {
  const counted = remaining(before) - remaining(after);
  expect(counted).toBeGreaterThan(calls / 2);
  expect(counted).toBeLessThanOrEqual(calls);
}
/** Makes the calls at once, so that next to nothing comes back meanwhile. */
const atOnce = (count: number, call: (index: number) => Promise<Answer>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)));

describe("every answer of the API", () => {
  test.each<[string, string, CallOptions, number]>([
    ["success", "/api/v1/me", {}, 200],
    ["nothing at this path", "/api/v1/nothing", {}, 404],
    ["another's org", "/api/v1/orgs/nobodys", {}, 404],
    ["another method", "/api/v1/orgs", { method: "PUT" }, 405],
    ["OPTIONS", "/api/v1/orgs", { method: "OPTIONS" }, 405],
    ["HEAD", "/api/v1/orgs", { method: "HEAD" }, 200],
    ["a body that is wrong", "/api/v1/orgs", { json: { slug: 1 } }, 422],
    ["bad credentials", "/api/v1/me", { token: "isola_x" }, 401],
    ["its description", "/api/v1/openapi.json", {}, 200],
    ["what is open", "/api/v1/setup", { json: { token: "x" } }, 422],
  ])("says how the caller stands: %s", async (_, path, options, status) => {
    const answer = await core.call(path, { token: owner.token, ...options });
    expect(answer.status).toBe(status);
    const [limit, left, reset] = rateOf(answer);
    expect(limit).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(limit ?? 0);
    expect(reset).toBeLessThanOrEqual(60);
    expect(reset).toBeGreaterThanOrEqual(0);
    expect(answer.headers.has("retry-after")).toBe(false);
  });

  test("but not that of a page", async () => {
    for (const path of ["/", "/sign-in", "/healthz"]) expect(rateOf(await core.call(path))).toEqual([null, null, null]);
  });
});

describe("calls with credentials", () => {
  test("about an org are counted for it, and two orgs behind one address do not know of each other", async () => {
    const [anna, bert] = [
      await join(core, "member", { [alpha]: "owner" }),
      await join(core, "member", { [beta]: "owner" }),
    ];
    const [ann, bob] = [from("192.0.2.10", { token: anna.token }), from("192.0.2.10", { token: bert.token })];
    const before = [await core.call("/api/v1/orgs/alpha", ann), await core.call("/api/v1/orgs/beta", bob)] as const;
    expect(rateOf(before[0])[0]).toBe(PER_MINUTE);
    await atOnce(50, () => core.call("/api/v1/orgs/alpha", ann));
    const after = [await core.call("/api/v1/orgs/alpha", ann), await core.call("/api/v1/orgs/beta", bob)] as const;
    expectCounted(before[0], after[0], 51);
    expect(remaining(after[1])).toBeGreaterThanOrEqual(remaining(before[1]) - 1);
  });

  test("are counted for the person behind them, however many keys that person rotates through", async () => {
    const person = await join(core, "member");
    const keys: string[] = [];
    while (keys.length < 5) keys.push(await giveKey(core, person.id));
    const before = await core.call("/api/v1/me", { token: person.token });
    expect(rateOf(before).slice(0, 2)).toEqual([PER_MINUTE, PER_MINUTE - 1]);
    await atOnce(50, (index) => core.call("/api/v1/me", { token: keys[index % keys.length] ?? "" }));
    expectCounted(before, await core.call("/api/v1/me", { token: person.token }), 51);
  });

  test("about orgs that are not there, or not theirs, are counted for the person", async () => {
    const person = await join(core, "member");
    const call = (path: string) => core.call(path, { token: person.token });
    const before = await call("/api/v1/me");
    const untouched = await core.call("/api/v1/orgs/alpha", { token: owner.token });
    await atOnce(50, (index) => call(index % 2 === 0 ? `/api/v1/orgs/made-up-${index}` : "/api/v1/orgs/alpha"));
    expectCounted(before, await call("/api/v1/me"), 51);
    const alphas = await core.call("/api/v1/orgs/alpha", { token: owner.token });
    expect(remaining(alphas)).toBeGreaterThanOrEqual(remaining(untouched) - 1);
  });

  test("are refused beyond the key's own rate, with the time to wait, and without an effect", async () => {
    const token = await giveKey(core, owner.id);
    await core.sql.query("update api_key set requests_per_minute = 3 where prefix = $1", [token.slice(0, 14)]);
    const answers = [];
    for (let count = 0; count < 4; count++) answers.push(await core.call("/api/v1/me", { token }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers.map(rateOf)).toMatchObject([
      [3, 2, 20],
      [3, 1, expect.any(Number)],
      [3, 0, expect.any(Number)],
      [3, 0, expect.any(Number)],
    ]);
    const refused = await core.call("/api/v1/orgs", { token, json: { slug: "too-soon" } });
    expect(refused.status).toBe(429);
    expect(refused.json.error).toMatchObject({ code: "too_many_requests", details: { limit: 3 } });
    expect(refused.json.error.message).toMatch(/This key is limited to 3 calls a minute\. Wait \d+ s and try again\./);
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(10);
    expect(wait).toBeLessThanOrEqual(20);
    expect((await core.sql.query("select 1 from org where slug = 'too-soon'")).rowCount).toBe(0);
    expect((await core.call("/api/v1/me", { token: owner.token })).status).toBe(200);
  });
});

describe("calls without good credentials", () => {
  test("are refused by address once there are too many, and nobody who has good ones is", async () => {
    const guess = (index: number) => {
      const made = index % 10 === 0 ? `isola_${String(index).padStart(64, "0")}` : "isola_no-key";
      return core.call("/api/v1/me", from("198.51.100.1", { token: made }));
    };
    const answers: Answer[] = [];
    for (let count = 0; count <= API_CALLS_PER_MINUTE_OF_ADDRESS + 400; count += 50) {
      answers.push(...(await atOnce(50, (index) => guess(count + index))));
    }
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]));
    const refused = answers.filter(({ status }) => status === 429);
    for (const answer of refused) {
      expect(answer.headers.get("retry-after")).toBe("1");
      expect(rateOf(answer)).toEqual([API_CALLS_PER_MINUTE_OF_ADDRESS, 0, 60]);
    }
    const others = async (): Promise<Answer[]> => [
      await core.call("/api/v1/me", from("198.51.100.1", { token: owner.token })),
      await core.call("/api/v1/setup", from("198.51.100.1", { json: {} })),
      await core.call("/api/v1/me", from("198.51.100.2")),
      await core.call("/api/v1/me"),
    ];
    const [meanwhile, flood] = await Promise.all([others(), atOnce(50, guess)]);
    expect(meanwhile.map(({ status }) => status)).toEqual([200, 422, 401, 401]);
    expect(flood.some(({ status }) => status === 429)).toBe(true);
  });
});
