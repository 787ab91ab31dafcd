import assert from "node:assert/strict";

import type { Stage, Standing } from "./stage.ts";

/** One thing that goes wrong at providers. */
export interface FaultCase {
  /** Also the slug of its org. */
  id: string;
  title: string;
  /** Plays it, and says in a few words how it ended; throws where that is not as it should be. */
  play(stage: Stage, slug: string): Promise<string>;
}

const running = (standing: Standing): void => {
  assert.equal(standing.org, "running", `the org is ${standing.org}: ${standing.message}`);
  assert.equal(standing.machine, "started", `the machine is ${standing.machine}: ${standing.message}`);
};
const failed = (standing: Standing, code: string): void => {
  assert.equal(standing.org, "failed", `the org is ${standing.org}`);
  assert.equal(standing.code, code, `it says ${standing.code}: ${standing.message}`);
};

/** What an org has at the provider. */
async function holdingsOf(stage: Stage, slug: string) {
  const { groups, volumes, machines } = await stage.resources();
  const isIts = ({ tags }: { tags: { slug?: string | undefined } }): boolean => tags.slug === slug;
  return { groups: groups.filter(isIts), volumes: volumes.filter(isIts), machines: machines.filter(isIts) };
}

async function nothingLeft(stage: Stage, slug: string): Promise<void> {
  const { groups, volumes, machines } = await holdingsOf(stage, slug);
  assert.deepEqual([groups.length, volumes.length, machines.length], [0, 0, 0], "something is left at the provider");
}

/** It comes up in spite of a fault, with one machine. */
const overcomes =
  (fault: Parameters<Stage["faults"]>[0] | null, machine: Record<string, unknown> = {}) =>
  async (stage: Stage, slug: string): Promise<string> => {
    if (fault !== null) await stage.faults(fault);
    await stage.create(slug, machine);
    const standing = await stage.settled(slug);
    running(standing);
    assert.equal((await stage.get(slug)).status, 200);
    assert.equal((await holdingsOf(stage, slug)).machines.length, 1, "there is more than one machine");
    return `running, ${standing.attempts} attempts`;
  };

/** It fails for good and says why, and nothing is left. */
const failsWith =
  (code: string, fault: Parameters<Stage["faults"]>[0] | null, machine: Record<string, unknown> = {}) =>
  async (stage: Stage, slug: string): Promise<string> => {
    if (fault !== null) await stage.faults(fault);
    await stage.create(slug, machine);
    const standing = await stage.settled(slug);
    failed(standing, code);
    await nothingLeft(stage, slug);
    assert.equal((await stage.get(slug)).status, 503);
    return `failed (${code}), nothing left`;
  };

const VOLUME = { volumeGb: 1 };

/** The failures of those who run this for a living, in the order in which a machine comes up. */
export const CATALOGUE: readonly FaultCase[] = [
  {
    id: "quota-refused",
    title: "the account may not have more (403)",
    play: failsWith("quota", { operation: "machine.create", kind: "refused", times: 0 }),
  },
  {
    id: "name-taken",
    title: "the name is another's (409)",
    play: failsWith("name_taken", { operation: "group.create", kind: "taken", times: 0 }),
  },
  {
    id: "name-ours",
    title: "the name is taken by what we made ourselves, and its answer was lost",
    play: overcomes({ operation: "group.create", kind: "lost", times: 1 }),
  },
  {
    id: "too-slow",
    title: "the provider does not answer in time",
    play: overcomes({ operation: "machine.create", kind: "hangs", times: 1 }),
  },
  {
    id: "in-trouble",
    title: "the provider is in trouble (5xx), twice",
    play: overcomes({ operation: "machine.create", kind: "broken", times: 2 }),
  },
  {
    id: "in-trouble-for-good",
    title: "the provider is in trouble and stays so",
    play: failsWith("unavailable", { operation: "machine.create", kind: "broken", times: 0 }),
  },
  {
    id: "too-often",
    title: "the provider is asked too often (429)",
    play: overcomes({ operation: "machine.start", kind: "busy", times: 2, ms: 1_000 }),
  },
  {
    id: "paced",
    title: "the provider takes one call a second about a machine",
    play: async (stage, slug) => {
      await stage.practice("POST", "/pace", { ms: 1_000 });
      try {
        return await overcomes(null)(stage, slug);
      } finally {
        await stage.practice("POST", "/pace", { ms: 0 });
      }
    },
  },
  {
    id: "answer-lost",
    title: "the machine is made and the answer lost",
    play: overcomes({ operation: "machine.create", kind: "lost", times: 1 }),
  },
  {
    id: "volume-lost",
    title: "the volume is made and the answer lost",
    play: async (stage, slug) => {
      const outcome = await overcomes({ operation: "volume.create", kind: "lost", times: 1 }, VOLUME)(stage, slug);
      assert.equal((await holdingsOf(stage, slug)).volumes.length, 1, "there is more than one volume");
      return outcome;
    },
  },
  {
    id: "volume-left",
    title: "the machine fails, and its volume cannot be removed at first",
    play: async (stage, slug) => {
      await stage.faults(
        { operation: "machine.create", kind: "refused", times: 0 },
        { operation: "volume.delete", kind: "unavailable", times: 2 },
      );
      await stage.create(slug, VOLUME);
      failed(await stage.settled(slug), "quota");
      await nothingLeft(stage, slug);
      return "failed (quota), the volume is gone in the end";
    },
  },
  {
    id: "region-full",
    title: "a region is full",
    play: async (stage, slug) => {
      await stage.create(slug, { ...VOLUME, regions: ["full", "far"] });
      const standing = await stage.settled(slug);
      running(standing);
      assert.equal(standing.region, "far");
      assert.equal((await holdingsOf(stage, slug)).volumes.length, 1, "a volume is left in the full region");
      return "running in the next region";
    },
  },
  {
    id: "regions-full",
    title: "all regions are full",
    play: failsWith("no_capacity", null, { regions: ["full"] }),
  },
  {
    id: "no-image",
    title: "there is no such image",
    play: failsWith("no_image", null, { image: "mock:missing" }),
  },
  {
    id: "dies-at-once",
    title: "the machine starts and ends by itself",
    play: async (stage, slug) => {
      const began = Date.now();
      await stage.create(slug, { image: "mock:exits" });
      const standing = await stage.settled(slug);
      failed(standing, "exited");
      assert.ok(
        standing.lines.some((line) => line.includes("PORT is not a number")),
        "its last lines are missing",
      );
      await nothingLeft(stage, slug);
      return `failed after ${Math.round((Date.now() - began) / 100) / 10} s, with its last lines`;
    },
  },
  {
    id: "empty-volume",
    title: "a volume with data comes back empty",
    play: async (stage, slug) => {
      const client = await stage.client();
      await stage.create(slug, VOLUME);
      running(await stage.settled(slug));
      await client.stopMachine({ params: { slug } });
      await stage.settled(slug);
      await stage.faults({ operation: "volume.get", kind: "blank", times: 0 });
      await client.startMachine({ params: { slug } });
      const standing = await stage.settled(slug);
      assert.notEqual(standing.machine, "started", "it was started over an empty volume");
      assert.equal(standing.code, "wrong_volume");
      assert.equal((await holdingsOf(stage, slug)).volumes.length, 1, "the volume was thrown away");
      return `not started (${standing.code}), the volume is kept`;
    },
  },
  {
    id: "healthy-then-gone",
    title: "a healthy machine is gone",
    play: async (stage, slug) => {
      await stage.create(slug);
      running(await stage.settled(slug));
      const [machine] = (await holdingsOf(stage, slug)).machines;
      await stage.practice("POST", `/machines/${machine?.id}/vanish`);
      assert.equal((await stage.get(slug)).status, 503);
      await (await stage.client()).reconcileMachines({ body: { dryRun: false } });
      const standing = await stage.settled(slug);
      assert.equal(standing.machine, "failed");
      assert.equal((await holdingsOf(stage, slug)).machines.length, 0, "another was made in its place by itself");
      return "503 at once, failed once the provider was asked";
    },
  },
  {
    id: "silent",
    title: "the machine runs and never answers",
    play: async (stage, slug) => {
      await stage.create(slug, { image: "mock:sick" });
      const client = await stage.client();
      await stage.until("its probe to have failed", async () => {
        const { provision } = await client.getMachine({ params: { slug } });
        return provision?.steps.some(({ step, state }) => step === "ready" && state !== "waiting") === true
          ? true
          : null;
      });
      assert.equal((await stage.get(slug)).status, 503);
      await client.deleteMachine({ params: { slug }, query: { confirm: slug } });
      await stage.settled(slug);
      await nothingLeft(stage, slug);
      return "not published, and taken down on demand";
    },
  },
  {
    id: "list-fails",
    title: "the list of what there is fails, or comes back empty",
    play: async (stage, slug) => {
      await stage.create(slug);
      running(await stage.settled(slug));
      const client = await stage.client();
      for (const kind of ["broken", "empty"] as const) {
        await stage.faults({ operation: "list", kind, times: 0 });
        const { drivers } = await client.sweepOrphans({ body: { dryRun: false } });
        const mock = drivers.find(({ driver }) => driver === "mock");
        assert.ok(mock?.skipped, `nothing kept the sweep from a list that was ${kind}`);
        assert.deepEqual(mock.orphans, []);
      }
      await stage.faults();
      running(await stage.standing(slug));
      return "the sweep removes nothing and says why";
    },
  },
  {
    id: "token-revoked",
    title: "the token is revoked half-way",
    play: async (stage, slug) => {
      await stage.faults(
        { kind: "revoked", operation: "machine.start", times: 0 },
        { kind: "revoked", operation: "machine.delete", times: 0 },
      );
      await stage.create(slug, VOLUME);
      await stage.until("it to be given up", async () =>
        (await stage.standing(slug)).provision === "compensating" ? true : null,
      );
      assert.equal((await stage.get(slug)).status, 503);
      await stage.faults();
      failed(await stage.settled(slug), "unauthorized");
      await nothingLeft(stage, slug);
      return "failed (unauthorized), taken down once the token is good again";
    },
  },
  {
    id: "two-at-once",
    title: "two machines are asked for at once",
    play: async (stage, slug) => {
      const client = await stage.client();
      await client.createOrg({ body: { slug } });
      const asked = [1, 2].map(() => client.createMachine({ params: { slug }, body: { driver: "mock" } }));
      const outcomes = await Promise.allSettled(asked);
      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1, "not exactly one was taken");
      running(await stage.settled(slug));
      assert.equal((await holdingsOf(stage, slug)).machines.length, 1);
      return "one is taken, the other refused";
    },
  },
  ...(["machine.create", "machine.start"] as const).map((operation): FaultCase => {
    const id = `core-killed-${operation === "machine.create" ? "making" : "starting"}`;
    return {
      id,
      title: `the state process is killed at ${operation}`,
      play: async (stage, slug) => {
        await stage.faults({ operation, kind: "late", ms: 1_500, times: 1 });
        await stage.create(slug, VOLUME);
        await stage.until("the call to be under way", async () => {
          const { calls } = await stage.practice<{ calls: { operation: string; at: number }[] }>("GET", "/resources");
          const last = calls.at(-1);
          return last?.operation === operation && Date.now() - last.at < 1_400 ? true : null;
        });
        await stage.killCore();
        running(await stage.settled(slug));
        const held = await holdingsOf(stage, slug);
        assert.deepEqual([held.machines.length, held.volumes.length], [1, 1], "something was made twice");
        return "running after the kill, everything once";
      },
    };
  }),
  {
    id: "all-killed",
    title: "all processes are killed while the machine comes up",
    play: async (stage, slug) => {
      await stage.create(slug, { ...VOLUME, image: "mock:slow" });
      await stage.until("it to start", async () => ((await stage.standing(slug)).machine === "starting" ? true : null));
      await stage.killLauncher();
      running(await stage.settled(slug));
      const held = await holdingsOf(stage, slug);
      assert.deepEqual([held.machines.length, held.volumes.length], [1, 1], "something was made twice");
      return "running after the kill, everything once";
    },
  },
  {
    id: "killed-while-going",
    title: "the state process is killed while a machine is destroyed",
    play: async (stage, slug) => {
      const client = await stage.client();
      await stage.create(slug, VOLUME);
      running(await stage.settled(slug));
      await stage.faults({ operation: "machine.delete", kind: "late", ms: 1_500, times: 1 });
      await client.deleteMachine({ params: { slug }, query: { confirm: slug } });
      await stage.killCore();
      const standing = await stage.settled(slug);
      assert.deepEqual([standing.org, standing.machine], ["running", null]);
      await nothingLeft(stage, slug);
      return "gone in the end, scripts answer";
    },
  },
];
