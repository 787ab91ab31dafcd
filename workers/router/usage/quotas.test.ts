import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";

import type { DispatchDoor } from "../../../contracts/doors.ts";
import type { DeliverResult } from "../../../contracts/events/dispatch.ts";
import { newId } from "../../../contracts/ids.ts";
import type { EdgeQuotas } from "../../../contracts/plans.ts";
import { monthStart, NO_USAGE, nextMonthStart, sumOfUsage, type UsageCounts } from "../../../contracts/usage.ts";
import type { RouterEnv } from "../env.ts";
import { deliverLog } from "../log/delivery.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";
import { usageMeter } from "./meter.ts";

const { Dispatch } = exports as unknown as { Dispatch: (options: object) => DispatchDoor };
const routerEnv = env as unknown as RouterEnv;

let tenant: Tenant;
beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
});

async function allow(quotas: EdgeQuotas): Promise<void> {
  tenant.settings.quotas = quotas;
  await tenant.publish();
}

/** All edges together have used so much of the month, and this one hears of it. */
async function told(month: Partial<UsageCounts>): Promise<void> {
  const { orgId } = tenant;
  const standing = {
    orgId,
    monthAt: monthStart(Date.now()),
    month: { ...NO_USAGE, ...month },
    storageByteHours: 0,
    otherRequestsPerSecond: 0,
  };
  await authority.setStanding(standing);
  usageMeter.refused(orgId, Date.now());
  await deliverLog(routerEnv.STATE);
}

/** What was handed over for the org, together. */
async function counted(): Promise<UsageCounts> {
  await deliverLog(routerEnv.STATE);
  const own = (await authority.takeUsage()).filter(({ orgId }) => orgId === tenant.orgId);
  return own.flatMap(({ hours }) => hours).reduce((sum, { counts }) => sumOfUsage(sum, counts), NO_USAGE);
}

function deliver(scriptId: string): Promise<DeliverResult> {
  const data = { kind: "kv", collection: "c", key: "k", operation: "set", next: 1, version: 1 } as const;
  const trigger = { id: "trg_1", name: "on-change" };
  const event = { id: newId("delivery"), trigger, attempt: 1, depth: 1, at: 1, causedBy: null, data };
  const { orgId, slug } = tenant;
  return Dispatch({}).deliver({ orgId, slug, scriptId, work: { type: "event", event } });
}

describe("what an org uses", () => {
  it("is counted with each request and run, whatever answers", async () => {
    await tenant.deploy(
      `export default (request) => { if (request.url.endsWith("/no")) throw new Error("no"); return 1 }`,
      {
        routes: ["/", "/no"],
      },
    );
    for (const path of ["/", "/", "/no", "/nowhere", "/.isola/healthz"]) await (await tenant.get(path)).text();
    expect(await counted()).toEqual({ ...NO_USAGE, requests: 5, executions: 3, failures: 1 });
  });

  it("is counted of events too, which are no requests", async () => {
    const script = await tenant.deploy(`export default { event() {} }`);
    expect((await deliver(script.id)).outcome).toBe("ok");
    expect(await counted()).toEqual({ ...NO_USAGE, executions: 1 });
  });

  it("is not lost while the log is down", async () => {
    await tenant.deploy(`export default () => 1`);
    await authority.setFailing(["appendLog"]);
    await tenant.get("/");
    await deliverLog(routerEnv.STATE);
    await tenant.get("/");
    await authority.setFailing([]);
    await deliverLog(routerEnv.STATE);
    expect((await counted()).requests).toBe(2);
  });
});

describe("an org that has used up its month", () => {
  it("takes no more requests, and says until when, what and how much", async () => {
    await tenant.deploy(`export default () => 1`);
    await allow({ requestsPerMonth: 2 });
    expect((await tenant.get("/")).status).toBe(200);
    expect((await tenant.get("/")).status).toBe(200);
    const refused = await tenant.get("/");
    expect(refused.status).toBe(429);
    const { error } = await refused.json<{ error: { code: string; message: string; details: object } }>();
    const resetsAt = nextMonthStart(Date.now());
    expect(error).toMatchObject({
      code: "too_many_requests",
      details: { quota: "requestsPerMonth", limit: 2, used: 2, resetsAt },
    });
    expect(error.message).toContain("2 of the 2 requests");
    const waitMs = Number(refused.headers.get("retry-after")) * 1_000;
    expect(Math.abs(Date.now() + waitMs - resetsAt)).toBeLessThan(5_000);
    expect(await counted()).toMatchObject({ requests: 2, refused: 1 });
    await allow({ requestsPerMonth: 3 });
    expect((await tenant.get("/")).status).toBe(200);
  });

  it.each([
    ["requestsPerMonth", "requests"],
    ["executionsPerMonth", "executions"],
    ["cpuMsPerMonth", "cpuMs"],
  ] as const)("by its %s is refused for what other edges counted", async (quota, name) => {
    await tenant.deploy(`export default () => 1`);
    await allow({ [quota]: 1_000 });
    await told({ [name]: 999 });
    expect((await tenant.get("/")).status).toBe(200);
    await told({ [name]: 1_000 });
    expect((await tenant.get("/")).status).toBe(429);
  });

  it("lets its events wait without an attempt, and takes them when the quota is raised", async () => {
    const script = await tenant.deploy(`export default { event() {} }`);
    await allow({ executionsPerMonth: 10 });
    await told({ executions: 10 });
    const waiting = await deliver(script.id);
    expect(waiting.outcome).toBe("saturated");
    expect(waiting).toMatchObject({ retryAfterMs: expect.any(Number) });
    await allow({ executionsPerMonth: 11 });
    expect((await deliver(script.id)).outcome).toBe("ok");
  });

  it("has its events run on while only its requests are used up", async () => {
    const script = await tenant.deploy(`export default { event() {} }`);
    await allow({ requestsPerMonth: 0 });
    expect((await tenant.get("/")).status).toBe(429);
    expect((await deliver(script.id)).outcome).toBe("ok");
  });
});

it("runs at once on an edge are as many as the plan allows, or fewer", async () => {
  await tenant.deploy(`export default async () => { await scheduler.wait(200); return 1 }`);
  await allow({ concurrency: 2 });
  const statuses = (await Promise.all([1, 2, 3].map(() => tenant.get("/")))).map(({ status }) => status);
  expect(statuses.toSorted((one, other) => one - other)).toEqual([200, 200, 503]);
});
