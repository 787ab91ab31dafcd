import { describe, expect, it } from "vitest";

import { DEFAULT_ORG_SETTINGS } from "../../contracts/projection.ts";
import { SCRIPT_LIMITS } from "../../contracts/script-limits.ts";
import { ada, door, openedOrg, published, refusalOf, upload } from "../testing/harness.ts";

describe("an org's settings", () => {
  it("are those of every org until somebody changes them", async () => {
    const { orgId, slug } = await openedOrg();
    expect(await door.findSettings(orgId)).toEqual({ ...DEFAULT_ORG_SETTINGS, ceilings: {} });
    expect((await published(slug))?.settings).toEqual(DEFAULT_ORG_SETTINGS);
  });

  it("are published when they change, each by itself, and say what they were", async () => {
    const { orgId, slug } = await openedOrg();
    await door.changeSettings(orgId, { egress: { allow: ["a.com"], deny: ["b.com"] } });
    const changed = await door.changeSettings(orgId, { egress: { deny: [] }, concurrencyMax: 7 });
    expect(changed.before.egress).toEqual({ allow: ["a.com"], deny: ["b.com"] });
    expect(changed.after).toEqual({
      egress: { allow: ["a.com"], deny: [] },
      concurrencyMax: 7,
      ceilings: {},
      quotas: {},
    });
    expect(await door.findSettings(orgId)).toEqual(changed.after);
    const settings = { egress: { allow: ["a.com"], deny: [] }, concurrencyMax: 7, quotas: {} };
    expect((await published(slug))?.settings).toEqual(settings);
  });

  it("hold scripts that are there already to new ceilings, and let them go when the ceilings do", async () => {
    const { orgId, slug } = await openedOrg();
    const { script } = await door.saveScript(orgId, ada, upload("one", { limits: { subrequests: 40 } }));
    const limits = async () => (await published(slug))?.scripts[script.id]?.limits;
    await door.changeSettings(orgId, { ceilings: { subrequests: 5, wallClockMs: 20_000 } });
    expect(await limits()).toMatchObject({ subrequests: 5, wallClockMs: SCRIPT_LIMITS.wallClockMs.default });
    await door.changeSettings(orgId, { ceilings: {} });
    expect(await limits()).toMatchObject({ subrequests: 40 });
  });

  it("have a budget that the edges hold the org to, until there is none any more", async () => {
    const { orgId, slug } = await openedOrg();
    const budget = { kind: "money", amountMicros: 7, prices: { currency: "EUR", millionRequestsMicros: 1 } } as const;
    await door.changeSettings(orgId, { budget });
    await door.changeSettings(orgId, { concurrencyMax: 7 });
    expect((await published(slug))?.settings).toMatchObject({ budget, concurrencyMax: 7 });
    const { before, after } = await door.changeSettings(orgId, { quotas: {}, budget: null });
    expect([before.budget, after.budget]).toEqual([budget, undefined]);
    expect((await published(slug))?.settings).not.toHaveProperty("budget");
  });

  it("that are set to what they are publish nothing", async () => {
    const { orgId } = await openedOrg();
    const before = await door.projection(orgId);
    await door.changeSettings(orgId, { concurrencyMax: DEFAULT_ORG_SETTINGS.concurrencyMax, egress: {} });
    expect((await door.projection(orgId))?.revision).toBe(before?.revision);
  });

  it("are not there without the org", async () => {
    const { orgId } = await openedOrg();
    await door.destroyOrg(orgId);
    expect(await door.findSettings(orgId)).toBeNull();
    expect((await refusalOf(door.changeSettings(orgId, { concurrencyMax: 2 }))).code).toBe("not_found");
  });
});
