import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { ORPHAN_GRACE_MS, ORPHANS_PER_SWEEP_MAX } from "../../contracts/limits.ts";
import { type Core, startCore } from "./support/core.ts";
import { claim, type Person } from "./support/people.ts";
import { startProvider, type TestProvider } from "./support/provider.ts";

/** As whom the cores of these tests mark what they make. */
const PLATFORM = "platformoftests";

let provider: TestProvider;
let core: Core;
let owner: Person;
/** A machine that belongs to somebody. */
let owned: string;
beforeAll(async () => {
  provider = await startProvider();
  core = await startCore(provider.bindings);
  owner = await claim(core);
  await core.call("/api/v1/orgs", { token: owner.token, json: { slug: "shop", driver: "mock" } });
  const machine = async () => (await core.call("/api/v1/orgs/shop/machine", { token: owner.token })).json.machine;
  await vi.waitUntil(async () => (await machine())?.state === "started", { timeout: 15_000 });
  owned = (await machine()).id;
});
afterAll(async () => {
  await core.stop();
  await provider.stop();
});
beforeEach(async () => {
  await provider.fail();
  await sweep(false);
  await outlive();
  await sweep(false);
  expect(await strays()).toEqual([]);
});

interface Swept {
  driver: string;
  skipped: string | null;
  listed: number;
  orphans: { resource: string; firstSeenAt: number; outcome: string; error: string | null }[];
}

/** What a sweep found at the practice provider. */
async function sweep(dryRun?: boolean): Promise<Swept> {
  const json = dryRun === undefined ? {} : { dryRun };
  const answer = await core.call("/api/v1/machines/sweep", { token: owner.token, json });
  expect(answer.status, answer.text).toBe(200);
  expect(answer.json.dryRun).toBe(dryRun ?? true);
  const [mock, ...others] = answer.json.drivers;
  expect(others).toEqual([]);
  return mock;
}
/** Makes it as if everything had been seen first before the grace. */
const outlive = () =>
  core.sql.query("update orphan set first_seen_at = first_seen_at - make_interval(secs => $1)", [
    ORPHAN_GRACE_MS / 1000 + 1,
  ]);
/** Something at the provider that belongs to nobody here. */
async function leave(name: string, platform = PLATFORM): Promise<string> {
  const tags = { platform, org: newId("org"), machine: newId("machine") };
  await provider.ask("POST", "/v1/groups", { name, tags });
  const volume = { name, group: name, region: "near", sizeGb: 1, tags };
  await provider.ask("POST", "/v1/volumes", volume);
  return tags.machine;
}
const groups = async () => (await provider.holdings()).groups;
const strays = async () => (await groups()).filter(({ tags }) => tags.platform === PLATFORM && tags.machine !== owned);

describe("a sweep", () => {
  test("removes what carries our tag and belongs to nobody, once it has for longer than the grace", async () => {
    await leave("left");
    const seen = await sweep(false);
    expect(seen.orphans.map(({ outcome }) => outcome)).toEqual(["kept", "kept"]);
    expect(await strays()).toHaveLength(1);
    await outlive();
    const swept = await sweep(false);
    expect(swept.orphans.map(({ outcome, resource }) => [outcome, resource.split("/")[0]])).toEqual([
      ["removed", "volume"],
      ["removed", "group"],
    ]);
    expect(await strays()).toEqual([]);
    expect((await sweep(false)).orphans).toEqual([]);
    expect((await groups()).some(({ tags }) => tags.machine === owned)).toBe(true);
  });

  test("says what it removed, in the audit log", async () => {
    await leave("logged");
    await sweep(false);
    await outlive();
    await sweep(false);
    const { rows } = await core.sql.query(
      "select actor_type, target from audit_log where action = 'machine.orphan-removed' order by at desc, seq desc limit 2",
    );
    expect(rows).toEqual([
      { actor_type: "key", target: "mock:group/logged" },
      { actor_type: "key", target: expect.stringContaining("mock:volume/") },
    ]);
  });

  test("removes nothing where it is only asked to look, as it is unless told otherwise", async () => {
    await leave("looked-at");
    await sweep();
    await outlive();
    expect((await sweep()).orphans.map(({ outcome }) => outcome)).toEqual(["kept", "kept"]);
    expect(await strays()).toHaveLength(1);
  });

  test("leaves alone what another installation made", async () => {
    await leave("theirs", "anotherplatform");
    await sweep(false);
    await outlive();
    expect((await sweep(false)).orphans).toEqual([]);
    expect((await groups()).some(({ name }) => name === "theirs")).toBe(true);
  });

  test("removes nothing on a listing that failed", async () => {
    await leave("unlisted");
    await sweep(false);
    await outlive();
    for (const kind of ["broken", "unavailable", "revoked", "lost"] as const) {
      await provider.fail({ operation: "list", kind, times: 0 });
      expect(await sweep(false)).toMatchObject({
        skipped: expect.stringContaining("could not be listed"),
        orphans: [],
      });
    }
    await provider.fail();
    expect(await strays()).toHaveLength(1);
  });

  test("removes nothing on a listing that came back empty while the directory knows machines there", async () => {
    await leave("hidden");
    await sweep(false);
    await outlive();
    await provider.fail({ operation: "list", kind: "empty", times: 0 });
    expect(await sweep(false)).toMatchObject({ skipped: expect.stringContaining("came back empty"), orphans: [] });
    await provider.fail();
    // What was seen before is not forgotten for it.
    expect((await sweep(false)).orphans.map(({ outcome }) => outcome)).toEqual(["removed", "removed"]);
  });

  test("removes so many at a time and leaves the rest for the next", async () => {
    const count = ORPHANS_PER_SWEEP_MAX / 2 + 3;
    for (let index = 0; index < count; index++) await leave(`many-${index}`);
    await sweep(false);
    await outlive();
    const { orphans } = await sweep(false);
    expect(orphans).toHaveLength(count * 2);
    expect(orphans.filter(({ outcome }) => outcome !== "kept")).toHaveLength(ORPHANS_PER_SWEEP_MAX);
    for (let times = 0; times < 3; times++) await sweep(false);
    expect(await strays()).toEqual([]);
  });

  test("tells what could not be removed, and tries again the next time", async () => {
    await leave("stubborn");
    await sweep(false);
    await outlive();
    await provider.fail({ operation: "volume.delete", kind: "broken" });
    const { orphans } = await sweep(false);
    expect(orphans[0]).toMatchObject({ outcome: "failed", error: expect.stringContaining("500") });
    await sweep(false);
    expect(await strays()).toEqual([]);
  });

  test("leaves alone what a provision under way has made", async () => {
    const machineId = await leave("being-made");
    const { rows } = await core.sql.query("select id from org where slug = 'shop'");
    await core.sql.query(
      `insert into provision (id, org_id, machine_id, driver, spec, state, is_first, lease_until, deadline_at, created_by)
       values ($1, $2, $3, 'mock', '{}', 'running', false, now() + interval '1 hour', now() + interval '1 hour', $4)`,
      [newId("provision"), rows[0].id, machineId, owner.id],
    );
    expect((await sweep(false)).orphans).toEqual([]);
    await core.sql.query("delete from provision where machine_id = $1", [machineId]);
    expect((await sweep(false)).orphans).toHaveLength(2);
  });
});
