import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";

import type { ExecutionRecord } from "../../../contracts/execution.ts";
import type { RouterEnv } from "../env.ts";
import { deliverLog } from "../log/delivery.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";
import { announce, isWorthALook } from "./caller.ts";
import type { Run } from "./run.ts";

const LONG_MS = 1_000;
let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
});

async function records(): Promise<ExecutionRecord[]> {
  await deliverLog((env as unknown as RouterEnv).STATE);
  const batches = await authority.takeLog();
  const own = batches.filter(({ orgId }) => orgId === tenant.orgId);
  return own.flatMap(({ segments }) => segments.flatMap((segment) => JSON.parse(segment.records) as ExecutionRecord[]));
}

/** Sends a request and goes away before its answer. */
async function goAway(path: string, init: RequestInit = {}): Promise<void> {
  const stop = new AbortController();
  const answer = tenant.fetch(path, { ...init, signal: stop.signal });
  await scheduler.wait(50);
  stop.abort();
  await expect(answer).rejects.toThrow();
}

describe("a caller that goes away", () => {
  it.each([
    ["plain", `export default { fetch: () => scheduler.wait(120).then(() => new Response("late")) }`],
    ["printing", `export default async () => { console.log("x"); await scheduler.wait(120); return "late"; }`],
  ])("leaves a %s script running to its end, which is written down as abandoned, and once", async (_, source) => {
    await tenant.deploy(source);
    // The second time the script's habits are known.
    for (let index = 0; index < 2; index++) {
      await goAway("/");
      await scheduler.wait(200);
      expect(await records()).toMatchObject([{ outcome: "abandoned", status: 499, trigger: "http", error: null }]);
    }
  });

  it("frees its place among those that run at once", async () => {
    await tenant.deploy(`export default { fetch: () => scheduler.wait(120).then(() => new Response("late")) }`);
    tenant.settings.concurrencyMax = 1;
    await tenant.publish();
    await goAway("/");
    await scheduler.wait(200);
    expect((await tenant.get("/")).status).toBe(200);
  });

  it("is written down for a script that is executed by its name too", async () => {
    await tenant.deploy(`export default () => scheduler.wait(120)`, { routes: [] });
    await goAway("/.isola/v1/execute/main", { method: "POST", body: "b" });
    await scheduler.wait(200);
    expect(await records()).toMatchObject([{ outcome: "abandoned", trigger: "execute" }]);
  });
});

describe("a caller that stays for a long run", () => {
  const long = (answer: string, streams = ""): string =>
    `${streams} export default { fetch: () => scheduler.wait(220).then(() => ${answer}) }`;

  it.each([
    [`new Response("late", { status: 201, headers: { "x-a": "b" } })`, "late"],
    [`new Response("x".repeat(600_000), { status: 201, headers: { "x-a": "b" } })`, "x".repeat(600_000)],
    [`new Response(new Blob(["st", "ream"]).stream(), { status: 201, headers: { "x-a": "b" } })`, "stream"],
    [`new Response(null, { status: 201, headers: { "x-a": "b" } })`, ""],
  ])("gets its answer whole: %s", async (answer, body) => {
    await tenant.deploy(long(answer));
    const response = await tenant.get("/");
    expect([response.status, response.headers.get("x-a")]).toEqual([201, "b"]);
    expect(await response.text()).toBe(body);
    expect(await records()).toMatchObject([{ outcome: "ok", status: 201 }]);
  });
});

describe("the look after a caller", () => {
  it("is taken of long runs alone that answer with a body", () => {
    const run = { trigger: "http", request: new Request("http://x.test/") } as Run;
    const long = (response: Response | null, of: Run = run) => isWorthALook(of, response, LONG_MS);
    expect(long(new Response("x"))).toBe(true);
    expect(isWorthALook(run, new Response("x"), 5)).toBe(false);
    expect(long(null)).toBe(false);
    expect(long(new Response(null))).toBe(false);
    expect(long(new Response("x", { status: 404 }))).toBe(false);
    expect(long(new Response("x", { headers: { "content-encoding": "gzip" } }))).toBe(false);
    expect(long(new Response("x"), { ...run, trigger: "kv" })).toBe(false);
    expect(long(new Response("x"), { ...run, asksAgain: true })).toBe(false);
    expect(long(new Response("x"), { ...run, request: new Request("http://x.test/", { method: "HEAD" }) })).toBe(false);
  });

  it("lets go of a body whose caller has gone while the head went out", async () => {
    let cancelled = false;
    const body = new ReadableStream({ cancel: () => void (cancelled = true) });
    const stop = new AbortController();
    const { gone } = await announce(new Response(body), stop.signal, true);
    stop.abort();
    expect(await gone).toBe(true);
    await scheduler.wait(5);
    expect(cancelled).toBe(true);
  });

  it.each([true, false])("passes on that a body breaks off (streaming: %s)", async (streams) => {
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new Error("broken"));
      },
    });
    const { response, gone } = await announce(new Response(body), new AbortController().signal, streams);
    await expect(response.text()).rejects.toThrow();
    expect(await gone).toBe(false);
  });
});
