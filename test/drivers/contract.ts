import { inspect } from "node:util";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { MachineSpec } from "../../contracts/machines.ts";
import type { Driver, Plan } from "../../workers/control-plane/provisioning/driver.ts";
import type { ProviderFetch } from "../../workers/control-plane/provisioning/drivers/http.ts";
import { ProviderError } from "../../workers/control-plane/provisioning/provider-error.ts";
import { bringUp, comesTo, make, makeInTheEnd, newPlan } from "./support/plans.ts";
import { type Mishap, wireTo, type Wire } from "./support/wire.ts";

/** What there is at a provider, counted by somebody who is not the driver. */
interface Counted {
  groups: number;
  volumes: number;
  machines: number;
}

interface DriverOptions {
  fetch: ProviderFetch;
  platformId: string;
  /** Deadline of one call, in milliseconds. */
  timeoutMs?: number;
}

/** A provider for the suite: real, or one that behaves alike. */
export interface DriverHarness {
  driverWith(options: DriverOptions): Driver;
  /** Reaches the provider. */
  fetch: ProviderFetch;
  /** What a machine is there that runs until it is stopped, and one that ends by itself at once. */
  specs: { runs: Partial<MachineSpec>; ends: Partial<MachineSpec> };
  /** Words that no error may show, such as its token. */
  secrets: readonly string[];
  /** What carries the tags of a platform; without groups where it has none. */
  count(platformId: string): Promise<Counted>;
  /** Everything that the provider shows to whoever may look. */
  shown(): Promise<string>;
  /** Ends the machine without the platform having asked. */
  vanish(plan: Plan): Promise<void>;
  /** Puts an empty volume into the place of the known one, or takes it away where that cannot be. */
  emptyVolume(plan: Plan): Promise<void>;
  /** Makes what a new machine would be called by another's hand, without our tags. */
  takeName(plan: Plan): Promise<void>;
  /** Whether calls can be given a deadline of the tests' own. */
  hasDeadline: boolean;
  close(): Promise<void>;
}

const PLATFORM = "platformone1";
const OTHER = "platformtwo2";
const NOTHING = { groups: 0, volumes: 0, machines: 0 };
/** Deadline of a call in the tests that let one hang, in milliseconds. */
const SHORT_MS = 250;
/** What is so after each time. */
type After = (plan: Plan, isDone: boolean) => Promise<void>;
/** More calls than any method makes. */
const CALLS_MAX = 40;

/**
 * What every driver that makes machines keeps to: each method again and again, cut off at each of its calls.
 *
 * @param title of the provider, and how real it is
 * @param open gives a provider to each test; null where there is none
 */
export function describeDriver(title: string, open: (() => Promise<DriverHarness>) | null): void {
  describe.skipIf(open === null)(title, () => {
    let harness: DriverHarness;
    let wire: Wire;
    let driver: Driver;
    let made: Plan[] = [];
    const planned = (spec: Partial<MachineSpec> = {}, platformId = PLATFORM): Plan => {
      const plan = newPlan(platformId, { ...harness.specs.runs, volumeGb: 1, ...spec });
      made.push(plan);
      return plan;
    };
    const one = async (): Promise<void> => {
      const { volumes, machines } = await harness.count(PLATFORM);
      expect({ volumes, machines }).toEqual({ volumes: 1, machines: 1 });
    };
    beforeEach(async () => {
      if (open === null) return;
      harness = await open();
      wire = wireTo(harness.fetch);
      driver = harness.driverWith({ fetch: wire.fetch, platformId: PLATFORM });
    });
    afterEach(async () => {
      if (open === null) return;
      wire.arrange(null);
      for (const plan of made) {
        const own = harness.driverWith({ fetch: harness.fetch, platformId: plan.owner.platformId });
        await own.destroy(plan).catch(() => {});
      }
      made = [];
      await harness.close();
    });

    /**
     * Does something once for each of its calls, with that call going wrong: from new each time, until it makes no
     * further one. Whatever it throws is a failure that may be tried again and shows no secret.
     *
     * @returns how many calls went wrong
     */
    async function atEachCall(
      mishap: Mishap,
      { before, act, after }: { before: () => Promise<Plan>; act: (plan: Plan) => Promise<Plan | void>; after: After },
    ): Promise<number> {
      for (let call = 1; call <= CALLS_MAX; call++) {
        const plan = await before();
        wire.arrange(mishap, call);
        const [outcome] = await Promise.allSettled([act(plan)]);
        const happened = wire.happened();
        wire.arrange(null);
        if (outcome.status === "rejected") {
          expect(outcome.reason).toBeInstanceOf(ProviderError);
          expect(outcome.reason).toMatchObject({ retry: true });
          for (const secret of harness.secrets) expect(inspect(outcome.reason, { depth: 9 })).not.toContain(secret);
        }
        await after(outcome.status === "fulfilled" ? (outcome.value ?? plan) : plan, outcome.status === "fulfilled");
        if (!happened) return call - 1;
      }
      throw new Error(`It makes more than ${CALLS_MAX} calls.`);
    }
    const gone = async (plan: Plan): Promise<void> => {
      wire.arrange(null);
      await driver.destroy(plan);
      expect(await harness.count(PLATFORM)).toEqual(NOTHING);
    };

    test("makes, starts, stops and destroys a machine, and each again changes nothing", async () => {
      const plan = planned();
      const first = await make(driver, plan);
      expect((await make(driver, first)).known).toMatchObject(first.known);
      await one();
      expect((await driver.observe(first)).state).toBe("created");
      await driver.start(first);
      await driver.start(first);
      const seen = await comesTo(driver, first, "started");
      expect(seen.origin).toMatch(/^https?:\/\/[^/]+$/);
      await driver.start(first);
      expect((await driver.observe(first)).origin).toBe(seen.origin);
      await driver.stop(first);
      await driver.stop(first);
      expect((await comesTo(driver, first, "stopped")).origin).toBeNull();
      await driver.stop(first);
      await driver.start(first);
      await comesTo(driver, first, "started");
      await one();
      await driver.destroy(first);
      expect(await harness.count(PLATFORM)).toEqual(NOTHING);
      await driver.destroy(first);
      expect((await driver.observe(first)).state).toBeNull();
    });

    test("invariant 1: makes one of each when the answer to any call is lost, and the same is asked again", async () => {
      const calls = await atEachCall("lost", {
        before: async () => planned(),
        act: (plan) => makeInTheEnd(driver, plan),
        after: async (plan, isDone) => {
          expect(isDone).toBe(true);
          await one();
          await gone(plan);
        },
      });
      expect(calls).toBeGreaterThan(2);
    });

    test("invariant 3: what was made and never written down is found by its tags", async () => {
      const plan = planned();
      const first = await bringUp(driver, plan);
      expect((await make(driver, plan)).known).toMatchObject(first.known);
      await one();
      expect((await driver.observe(plan)).state).toBe("started");
    });

    test("invariant 2: where the provider is in trouble, nothing is made anew", async () => {
      const plan = await bringUp(driver, planned());
      const before = await harness.count(PLATFORM);
      for (const mishap of ["refused", { status: 500 }, { status: 503 }] as const) {
        const act = async (): Promise<void> => {
          await make(driver, plan);
          await driver.start(plan);
          await driver.observe(plan);
        };
        const after = async (): Promise<void> => expect(await harness.count(PLATFORM)).toEqual(before);
        await atEachCall(mishap, { before: async () => plan, act, after });
      }
      expect((await make(driver, plan)).known).toMatchObject(plan.known);
    });

    test("invariant 2: a machine that is gone for sure is made anew, with the volume that it had", async () => {
      const plan = await bringUp(driver, planned());
      await harness.vanish(plan);
      expect((await driver.observe(plan)).state).toBeNull();
      await expect(driver.start(plan)).rejects.toMatchObject({ code: "not_found" });
      const again = await make(driver, plan);
      await driver.start(again);
      await comesTo(driver, again, "started");
      await one();
    });

    test("invariant 10: an empty volume never takes the place of a known one", async () => {
      const plan = await bringUp(driver, planned());
      await driver.stop(plan);
      await comesTo(driver, plan, "stopped");
      await harness.emptyVolume(plan);
      await expect(driver.start(plan)).rejects.toMatchObject({ code: "wrong_volume" });
      await expect(make(driver, plan).then((made) => driver.start(made))).rejects.toMatchObject({
        code: "wrong_volume",
      });
      expect((await driver.observe(plan)).state).not.toBe("started");
    });

    test("invariant 11: what has its name and not its tags is another's, and stays", async () => {
      const plan = planned();
      await harness.takeName(plan);
      const before = await harness.shown();
      await expect(make(driver, plan)).rejects.toMatchObject({ code: "name_taken", retry: false });
      await driver.destroy(plan);
      expect((await harness.shown()).length).toBeGreaterThanOrEqual(before.length);
    });

    test("two at once make one machine, and nothing of either is left in the end", async () => {
      const plan = planned();
      const both = await Promise.allSettled([make(driver, plan), make(driver, plan)]);
      expect(both.some(({ status }) => status === "fulfilled")).toBe(true);
      expect((await harness.count(PLATFORM)).machines).toBe(1);
      await gone(plan);
    });

    test.each<[string, Mishap]>([
      ["is lost", "lost"],
      ["does not get there", "refused"],
      ["is refused because the provider is in trouble", { status: 503 }],
    ])("invariant 15: destroying is over when everything is gone, whichever of its calls %s", async (_, mishap) => {
      const calls = await atEachCall(mishap, {
        before: () => bringUp(driver, planned()),
        act: (plan) => driver.destroy(plan),
        after: async (plan, isDone) => {
          if (isDone) expect(await harness.count(PLATFORM)).toEqual(NOTHING);
          await gone(plan);
        },
      });
      expect(calls).toBeGreaterThan(1);
    });

    test("destroys what was made and never written down", async () => {
      const plan = planned();
      await bringUp(driver, plan);
      await driver.destroy(plan);
      expect(await harness.count(PLATFORM)).toEqual(NOTHING);
      await driver.destroy(planned());
    });

    test("stops and starts in the end when the answer to any call is lost", async () => {
      const plan = await bringUp(driver, planned());
      const stop = () => driver.stop(plan);
      const start = () => driver.start(plan);
      const before = async (): Promise<Plan> => plan;
      await atEachCall("lost", {
        before: async () => {
          await start();
          await comesTo(driver, plan, "started");
          return plan;
        },
        act: () => stop().catch(stop),
        after: async () => void (await comesTo(driver, plan, "stopped")),
      });
      await atEachCall("lost", {
        before: async () => {
          await stop();
          await comesTo(driver, plan, "stopped");
          return before();
        },
        act: () => start().catch(start),
        after: async () => void (await comesTo(driver, plan, "started")),
      });
      await one();
    });

    test("says of a machine that ended by itself why, and shows its last lines, oldest first", async () => {
      const plan = await make(driver, planned(harness.specs.ends));
      await driver.start(plan);
      const seen = await comesTo(driver, plan, "failed", "stopped");
      expect(seen).toMatchObject({ origin: null, reason: expect.stringMatching(/./) });
      const lines = await driver.logs(plan, 10);
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.length).toBeLessThanOrEqual(10);
      const times = lines.flatMap(({ at }) => at ?? []);
      expect(times).toEqual(times.toSorted((one, other) => one - other));
      expect(await driver.logs(plan, 1)).toEqual(lines.slice(-1));
    });

    test("without a volume, there is none", async () => {
      const { volumeGb: _, ...spec } = planned().spec;
      const plan = await bringUp(driver, { ...planned(), spec });
      expect(await harness.count(PLATFORM)).toMatchObject({ volumes: 0, machines: 1 });
      await gone(plan);
    });

    test("invariant 20: shows the machine what the plan says, and the provider nothing else", async () => {
      const environment = { COLOUR: "blue" };
      const plan = planned({ environment });
      const token = "isola_enrol_once_and_no_more";
      await bringUp(driver, { ...plan, environment: { ...plan.environment, ISOLA_ENROLMENT_TOKEN: token } });
      const shown = await harness.shown();
      expect(shown).toContain("blue");
      expect(shown).toContain(token);
      for (const secret of harness.secrets) expect(shown).not.toContain(secret);
    });

    test("lists everything of this platform and nothing of another, and removes it one by one", async () => {
      const plan = await bringUp(driver, planned());
      const others = harness.driverWith({ fetch: harness.fetch, platformId: OTHER });
      const another = await bringUp(others, planned({}, OTHER));
      const listed = await driver.list(PLATFORM);
      const { groups, volumes, machines } = await harness.count(PLATFORM);
      expect(listed).toHaveLength(groups + volumes + machines);
      expect(new Set(listed.map(({ machineId }) => machineId))).toEqual(new Set([plan.owner.machineId]));
      expect(new Set(listed.map(({ resource }) => resource)).size).toBe(listed.length);
      for (const { createdAt } of listed) expect(createdAt ?? Date.now()).toBeGreaterThan(Date.now() - 3_600_000);
      for (const resource of await others.list(OTHER)) {
        await expect(driver.remove(resource)).rejects.toMatchObject({ name: "ProviderError" });
      }
      expect((await others.observe(another)).state).toBe("started");
      for (const resource of listed) await driver.remove(resource);
      expect(await harness.count(PLATFORM)).toEqual(NOTHING);
      for (const resource of listed) await driver.remove(resource);
      expect(await driver.list(PLATFORM)).toEqual([]);
    });

    test("throws rather than list less than there is", async () => {
      const plan = await bringUp(driver, planned());
      for (const mishap of ["refused", "lost", { status: 500 }] as const) {
        const calls = await atEachCall(mishap, {
          before: async () => plan,
          act: async () => expect((await driver.list(PLATFORM)).length).toBeGreaterThan(0),
          after: async () => {},
        });
        expect(calls).toBeGreaterThan(0);
      }
    });

    test.each<[number, string]>([
      [401, "unauthorized"],
      [403, "quota"],
    ])("says of %i that it is no use to try again", async (status, code) => {
      wire.arrange({ status }, 1, CALLS_MAX);
      await expect(make(driver, planned())).rejects.toMatchObject({ code, retry: false });
      expect(wire.calls()).toBe(1);
    });

    test("tells how long the provider wants to be left alone", async () => {
      const plan = await make(driver, planned());
      wire.arrange({ status: 429, headers: { "retry-after": "7" } }, 1, CALLS_MAX);
      const told = { code: "rate_limited", retry: true, retryAfterMs: 7_000 };
      await expect(driver.start(plan)).rejects.toMatchObject(told);
    });

    test("gives no call longer than it may take", async () => {
      if (!harness.hasDeadline) return;
      const hasty = harness.driverWith({ fetch: wire.fetch, platformId: PLATFORM, timeoutMs: SHORT_MS });
      const plan = await make(driver, planned());
      for (const method of ["prepare", "makeVolume", "makeMachine", "start", "stop", "observe", "destroy"] as const) {
        wire.arrange("hangs", 1, CALLS_MAX);
        const began = performance.now();
        await expect(hasty[method](plan)).rejects.toMatchObject({ code: "unreachable", retry: true });
        expect(performance.now() - began).toBeLessThan(SHORT_MS * 4);
      }
    });
  });
}
