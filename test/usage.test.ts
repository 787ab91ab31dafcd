import { Agent } from "node:http";

import { afterAll, beforeAll, expect, test } from "vitest";

import { nextMonthStart } from "../contracts/usage.ts";
import { compareUsage } from "../crash/usage.ts";
import { eventually } from "./support/eventually.ts";
import { startPlatform, type Platform } from "./support/platform.ts";

let platform: Platform;
let token: string;

beforeAll(async () => {
  platform = await startPlatform();
  token = await platform.token();
});
afterAll(async () => {
  await platform?.dispose();
});

async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await platform.fetch("app.localhost", `/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return (answer.text === "" ? null : JSON.parse(answer.text)) as T;
}

async function deploy(slug: string, source: string): Promise<void> {
  await api("POST", "/orgs", { slug });
  await api("POST", `/orgs/${slug}/scripts`, { name: "main", source });
  await api("POST", `/orgs/${slug}/routes`, { script: "main", path: "/*" });
}

type Counts = { requests: number; executions: number; failures: number; cpuMs: number; refused: number };
const usage = async (slug: string): Promise<Counts> =>
  (await api<{ total: Counts }>("GET", `/orgs/${slug}/usage?by=hour`)).total;
const get = (slug: string, path = "/", agent?: Agent) =>
  platform.fetch(`${slug}.localhost`, path, agent === undefined ? {} : { agent });

test("edges that are killed lose no more than their last moments, and nothing is counted twice", async () => {
  const verdict = await compareUsage(platform, {
    requests: 1_500,
    pauseMs: { min: 500, max: 900 },
    killsMin: 2,
    killsMax: 2,
  });
  expect(verdict).toMatchObject({ doubled: 0, lostTooMuch: 0 });
  expect(verdict.kills).toBe(2);
  expect(verdict.answered).toBeGreaterThan(1_300);
});

test("requests, runs, failures and processor time are counted within a moment, whatever answers", async () => {
  await deploy(
    "counted",
    `export default (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/fail") throw new Error("no");
      let sum = 0;
      if (pathname === "/work") for (const until = Date.now() + 25; Date.now() < until; ) sum += 1;
      return { sum };
    }`,
  );
  for (const path of ["/", "/fail", "/work", "/.isola/healthz"]) await get("counted", path);
  const counts = await eventually(
    () => usage("counted"),
    ({ requests, cpuMs }) => requests === 4 && cpuMs >= 8,
  );
  expect(counts).toMatchObject({ requests: 4, executions: 3, failures: 1, refused: 0 });
  // No more than there was, and about what the loop took; a busy computer takes its turns out of it.
  expect(counts.cpuMs).toBeLessThan(2_000);
});

test("an org that used up its month is refused until the next, or until its quota is raised", async () => {
  await deploy("monthly", `export default () => "ok"`);
  const month = Date.now();
  for (let index = 0; index < 3; index += 1) expect((await get("monthly")).status).toBe(200);
  await eventually(
    () => usage("monthly"),
    ({ requests }) => requests === 3,
  );
  await api("PATCH", "/orgs/monthly", { quotas: { requestsPerMonth: 3 } });
  const refused = await eventually(
    () => get("monthly"),
    ({ status }) => status === 429,
  );
  const { error } = JSON.parse(refused.text) as { error: { code: string; details: Record<string, unknown> } };
  expect(error.code).toBe("too_many_requests");
  expect(error.details).toMatchObject({ quota: "requestsPerMonth", limit: 3, resetsAt: nextMonthStart(month) });
  const waitS = Number(refused.headers["retry-after"]);
  expect(Math.abs(Date.now() + waitS * 1_000 - nextMonthStart(month))).toBeLessThan(60_000);
  // An edge that had none of the org's requests learns of the others' with the first of its own.
  const several = async (): Promise<number[]> => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => get("monthly")));
    return answers.map(({ status }) => status);
  };
  const refusedByAll = (statuses: number[]): boolean => statuses.every((status) => status === 429);
  expect(refusedByAll(await eventually(several, refusedByAll))).toBe(true);
  expect((await usage("monthly")).requests).toBeLessThan(30);
  await api("PATCH", "/orgs/monthly", { quotas: { requestsPerMonth: 1_000 } });
  await eventually(
    () => get("monthly"),
    ({ status }) => status === 200,
  );
});

test("an org that spent its budget is refused until the next month, or until its budget is raised", async () => {
  await deploy("thrifty", `export default () => "ok"`);
  // A request costs one EUR.
  const prices = { currency: "EUR", millionRequestsMicros: 1_000_000_000_000 };
  await api("PUT", "/plans/priced", { title: "Priced", quotas: {}, prices });
  await api("PATCH", "/orgs/thrifty", { plan: "priced" });
  const allow = (units: number) =>
    api<{ spent: { micros: number } }>("PUT", "/orgs/thrifty/budget", {
      kind: "money",
      currency: "EUR",
      amountMinor: units * 100,
      onReached: "stop",
    });
  const month = Date.now();
  for (let index = 0; index < 3; index += 1) expect((await get("thrifty")).status).toBe(200);
  await eventually(
    () => usage("thrifty"),
    ({ requests }) => requests === 3,
  );
  expect((await allow(3)).spent.micros).toBe(3_000_000);
  const refused = await eventually(
    () => get("thrifty"),
    ({ status }) => status === 403,
  );
  const { error } = JSON.parse(refused.text) as { error: { code: string; details: Record<string, unknown> } };
  expect(error).toMatchObject({
    code: "over_quota",
    details: { quota: "budget", currency: "EUR", budgetMicros: 3_000_000, resetsAt: nextMonthStart(month) },
  });
  await allow(1_000);
  await eventually(
    () => get("thrifty"),
    ({ status }) => status === 200,
  );
});

test("a stop in good order loses nothing, also of what is answered while it stops", async () => {
  await deploy("stopped", `export default async () => { await scheduler.wait(150); return 1 }`);
  const state = { answered: 0, over: false };
  const agents = Array.from({ length: 8 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const sending = agents.map(async (agent) => {
    while (!state.over) {
      const status = await get("stopped", "/", agent).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 200) state.answered += 1;
      else if (status === 0) return;
    }
  });
  await new Promise((done) => setTimeout(done, 600));
  await platform.stop();
  state.over = true;
  await Promise.all(sending);
  for (const agent of agents) agent.destroy();
  const { directory, port } = platform;
  platform = await startPlatform({ directory, port });
  const { requests } = await usage("stopped");
  expect(state.answered).toBeGreaterThan(8);
  expect(requests).toBeGreaterThanOrEqual(state.answered);
  expect(requests).toBeLessThanOrEqual(state.answered + agents.length);
});
