import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { DispatchDoor } from "../../../contracts/doors.ts";
import type { DeliverResult } from "../../../contracts/events/dispatch.ts";
import { newId } from "../../../contracts/ids.ts";
import type { Prices } from "../../../contracts/prices.ts";
import { monthStart, NO_USAGE, nextMonthStart, type UsageCounts } from "../../../contracts/usage.ts";
import type { RouterEnv } from "../env.ts";
import { deliverLog } from "../log/delivery.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";
import { usageMeter } from "./meter.ts";

const { Dispatch } = exports as unknown as { Dispatch: (options: object) => DispatchDoor };
const routerEnv = env as unknown as RouterEnv;

/** One EUR for a request, half of one for a run, and for a second of processor time. */
const PRICES: Prices = {
  currency: "EUR",
  millionRequestsMicros: 1e12,
  millionExecutionsMicros: 5e11,
  millionCpuMsMicros: 1e9,
  gigabyteMonthMicros: 730_000_000,
};
const EUR = 1_000_000;

let tenant: Tenant;
beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
});
afterEach(() => void vi.useRealTimers());

async function allow(units: number, prices = PRICES): Promise<void> {
  tenant.settings.budget = { kind: "money", amountMicros: units * EUR, prices };
  await tenant.publish();
}

/** All edges together have used so much of the month, and this one hears of it. */
async function told({
  storageByteHours = 0,
  ...month
}: Partial<UsageCounts & { storageByteHours: number }>): Promise<void> {
  const { orgId } = tenant;
  const now = Date.now();
  await authority.setStanding({
    orgId,
    monthAt: monthStart(now),
    month: { ...NO_USAGE, ...month },
    storageByteHours,
    otherRequestsPerSecond: 0,
  });
  usageMeter.refused(orgId, now);
  await deliverLog(routerEnv.STATE);
}

function deliver(scriptId: string): Promise<DeliverResult> {
  const data = { kind: "kv", collection: "c", key: "k", operation: "set", next: 1, version: 1 } as const;
  const trigger = { id: "trg_1", name: "on-change" };
  const event = { id: newId("delivery"), trigger, attempt: 1, depth: 1, at: 1, causedBy: null, data };
  const { orgId, slug } = tenant;
  return Dispatch({}).deliver({ orgId, slug, scriptId, work: { type: "event", event } });
}

describe("an org that has spent its budget", () => {
  it("takes no more requests, and says of what, how much, and until when", async () => {
    await tenant.deploy(`export default () => 1`);
    await allow(3);
    expect((await tenant.get("/")).status).toBe(200);
    // The last coin is spent by the request that it is spent on.
    expect((await tenant.get("/")).status).toBe(200);
    const refused = await tenant.get("/");
    expect(refused.status).toBe(403);
    const { error } = await refused.json<{ error: { code: string; message: string; details: object } }>();
    const resetsAt = nextMonthStart(Date.now());
    expect(error).toMatchObject({
      code: "over_quota",
      details: { quota: "budget", currency: "EUR", budgetMicros: 3 * EUR, spentMicros: 3 * EUR, resetsAt },
    });
    expect(error.message).toContain("3.00 EUR of the 3.00 EUR");
    expect(error.message).toContain(new Date(resetsAt).toISOString());
    expect(usageMeter.usedThisMonth(tenant.orgId, "requests", Date.now())).toBe(2);
    expect(usageMeter.usedThisMonth(tenant.orgId, "refused", Date.now())).toBe(1);
  });

  it("answers a request that was let in, whatever that costs", async () => {
    await tenant.deploy(`export default () => 1`);
    await allow(1);
    expect((await tenant.get("/")).status).toBe(200);
    expect((await tenant.get("/")).status).toBe(403);
    expect((await tenant.fetch("/.isola/v1/execute/main", { method: "POST" })).status).toBe(403);
  });

  it("goes on when the budget is raised, or is none any more", async () => {
    await tenant.deploy(`export default () => 1`);
    await allow(10);
    await told({ requests: 10 });
    expect((await tenant.get("/")).status).toBe(403);
    await allow(12);
    expect((await tenant.get("/")).status).toBe(200);
    expect((await tenant.get("/")).status).toBe(200);
    expect((await tenant.get("/")).status).toBe(403);
    delete tenant.settings.budget;
    await tenant.publish();
    expect((await tenant.get("/")).status).toBe(200);
  });

  it("goes on when the month turns", async () => {
    const lastMoment = nextMonthStart(Date.now()) - 1_000;
    vi.useFakeTimers({ now: lastMoment, toFake: ["Date"] });
    await tenant.deploy(`export default () => 1`);
    await allow(10);
    await told({ requests: 10, storageByteHours: 5e9 });
    expect((await tenant.get("/")).status).toBe(403);
    vi.setSystemTime(lastMoment + 1_000);
    await tenant.publish();
    expect((await tenant.get("/")).status).toBe(200);
  });

  it.each([
    ["requests", { requests: 9 }, { requests: 10 }],
    ["runs", { executions: 19 }, { executions: 20 }],
    ["processor time", { cpuMs: 9_999 }, { cpuMs: 10_000 }],
    ["storage", { storageByteHours: 9e9 }, { storageByteHours: 10e9 }],
    [
      "all of them",
      { requests: 2, executions: 4, cpuMs: 2_000, storageByteHours: 3e9 },
      { requests: 2, executions: 4, cpuMs: 3_000, storageByteHours: 3e9 },
    ],
  ])("is refused for what other edges counted: %s", async (_, before, after) => {
    await tenant.deploy(`export default () => 1`);
    await allow(10);
    await told(before);
    expect((await tenant.get("/")).status).toBe(200);
    await told(after);
    expect((await tenant.get("/")).status).toBe(403);
  });

  it("lets its events wait without an attempt, and takes them when the budget is raised", async () => {
    const script = await tenant.deploy(`export default { event() {} }`);
    await allow(10);
    await told({ executions: 20 });
    const waiting = await deliver(script.id);
    expect(waiting).toMatchObject({ outcome: "saturated", retryAfterMs: expect.any(Number) });
    await allow(11);
    expect((await deliver(script.id)).outcome).toBe("ok");
  });

  it("runs nothing for the API or for another script either", async () => {
    const script = await tenant.deploy(`export default () => 1`);
    await allow(10);
    await told({ executions: 20 });
    const { orgId, slug } = tenant;
    const invoke = { orgId, slug, scriptId: script.id, method: "GET", path: "/", headers: {}, body: null };
    const refusal = await Dispatch({})
      .invoke(invoke)
      .then(
        () => null,
        (error: unknown) => error,
      );
    expect(refusal).toMatchObject({ code: "over_quota", details: { quota: "budget" } });
  });

  it("leaves its neighbours alone, and orgs without a budget", async () => {
    const neighbour = await newTenant();
    neighbour.settings.budget = { kind: "money", amountMicros: 10 * EUR, prices: PRICES };
    await neighbour.deploy(`export default () => 1`);
    await tenant.deploy(`export default () => 1`);
    await allow(1);
    await told({ requests: 10 });
    expect([(await tenant.get("/")).status, (await neighbour.get("/")).status]).toEqual([403, 200]);
  });
});
