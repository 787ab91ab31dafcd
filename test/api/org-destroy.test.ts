import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { NO_ORIGIN } from "../../contracts/data/origin.ts";
import { newId } from "../../contracts/ids.ts";
import { DESTROY_WAIT_MS } from "../../contracts/limits.ts";
import { type Core, startCore } from "./support/core.ts";
import { openTestDatabase, type TestDatabase } from "./support/database.ts";
import { settled } from "./support/faults.ts";
import { claim, giveKey, join, makeOrg, type Person } from "./support/people.ts";
import { startProvider, type TestProvider } from "./support/provider.ts";
import { mentionsIn } from "./support/state-files.ts";

let provider: TestProvider;
beforeAll(async () => {
  provider = await startProvider();
});
afterEach(() => provider.fail());
afterAll(() => provider.stop());

const heldFor = async (orgId: string): Promise<string[]> => {
  const { groups, volumes, machines } = await provider.holdings();
  return [...groups, ...volumes, ...machines].filter(({ tags }) => tags.org === orgId).map(({ id }) => id);
};

describe("destroying an org that has everything", () => {
  /** What outlives an org, on purpose: see docs/machines.md. */
  const OUTLIVES = ["audit_head", "audit_log", "usage_hour"];
  /** Tables of orgs that this test does not fill, and where they are. */
  const ELSEWHERE = ["tenant_database"];
  const TREASURE = "treasure-of-the-doomed";

  let database: TestDatabase;
  let directory: string;
  beforeAll(async () => {
    database = await openTestDatabase();
    directory = await mkdtemp(joinPath(tmpdir(), "isola-destroy-"));
  });
  afterAll(async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });

  const start = () => startCore(provider.bindings, { database, stateDirectory: directory });
  const rowsOf = async (query: string, bindings: unknown[] = []) => (await database.client.query(query, bindings)).rows;
  /** Tables that say one of these words in any of their columns. */
  const tablesThatSay = async (words: string[]): Promise<string[]> => {
    const tables = await rowsOf(
      "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
    );
    const said: string[] = [];
    for (const { name } of tables) {
      const where = words.map((_, index) => `t::text like $${index + 1}`).join(" or ");
      const found = await rowsOf(
        `select 1 from "${name}" t where ${where} limit 1`,
        words.map((word) => `%${word}%`),
      );
      if (found.length > 0) said.push(name);
    }
    return said.sort();
  };
  const tablesOfOrgs = async (): Promise<string[]> =>
    (
      await rowsOf(
        "select table_name as name from information_schema.columns where column_name = 'org_id' and table_schema = 'public'",
      )
    )
      .map(({ name }) => name as string)
      .sort();

  /** Fills every store there is. */
  async function fill(core: Core, owner: Person): Promise<string> {
    const send = (method: string, path: string, json?: unknown) =>
      core.call(`/api/v1/orgs${path}`, { method, token: owner.token, ...(json === undefined ? {} : { json }) });
    const made = await send("POST", "", { slug: "doomed-once", driver: "mock", machine: { volumeGb: 1 } });
    const id: string = made.json.id;
    await settled(core, owner.token, "doomed-once");
    await send("POST", "/doomed-once/rename", { slug: "doomed" });
    const source = `export default { fetch: () => new Response("${TREASURE}"), event() {} }`;
    await send("PUT", "/doomed/scripts/hello", { source });
    await send("POST", "/doomed/routes", { script: "hello", path: "/" });
    await send("PUT", "/doomed/kv/things/a", { value: TREASURE });
    await send("POST", "/doomed/docs/papers", { value: { text: TREASURE } });
    await send("PUT", "/doomed/secrets/NAME", { value: TREASURE });
    await send("POST", "/doomed/queues/mail/send", { messages: [{ value: TREASURE }] });
    const statements = [
      { text: "CREATE TABLE t (a)", parameters: [] },
      { text: "INSERT INTO t VALUES (?)", parameters: [TREASURE] },
    ];
    await core.door("state", "sqlRun", id, statements);
    await core.door("state", "counterAdd", id, TREASURE, 1);
    await core.door("state", "topicPublish", id, "news", ['"x"'], NO_ORIGIN);
    await send("POST", "/doomed/members", { email: "guest@doomed.example", role: "viewer" });
    await join(core, "member", { [id]: "developer" });
    await giveKey(core, owner.id, { orgId: id });
    await database.client.query(
      "insert into domain (id, org_id, hostname, state) values ($1, $2, 'shop.doomed.example', 'active')",
      [newId("domain"), id],
    );
    await core.door("state", "setDomains", id, [{ hostname: "shop.doomed.example", label: null }]);
    await database.client.query(
      "insert into quota_warning (org_id, quota, month_at, percent) values ($1, 'storageBytes', now(), 80)",
      [id],
    );
    await database.client.query(
      "insert into usage_hour (org_id, hour_at, requests, executions, failures, refused, cpu_ms) values ($1, now(), 1, 1, 0, 0, 1)",
      [id],
    );
    return id;
  }

  test("leaves nothing of it in any store, but what is documented to stay", async () => {
    let core = await start();
    const owner = await claim(core);
    const id = await fill(core, owner);
    const words = [id, TREASURE, "doomed.example"];
    await core.stop();

    const before = await tablesThatSay([id]);
    for (const table of await tablesOfOrgs()) if (!ELSEWHERE.includes(table)) expect(before).toContain(table);
    const kept = await mentionsIn(directory, words);
    const stores = new Set(
      kept.map(({ store }) => store.split("/").find((part) => /Org|Log|Store|Dispatcher|Tools|Sql|kv/i.test(part))),
    );
    for (const name of ["Org", "Store", "Dispatcher", "Tools", "Sql"]) {
      expect(
        [...stores].some((store) => store?.includes(name)),
        `${name} in ${[...stores].join()}`,
      ).toBe(true);
    }
    const published = ["slug:doomed ", "slug:doomed-once ", "host:shop.doomed.example ", `code:${id}:`];
    const keys = (await mentionsIn(directory, ["slug:doomed", "host:shop.doomed", `code:${id}`])).map(
      ({ text }) => text,
    );
    for (const key of published)
      expect(
        keys.some((text) => text.includes(key)),
        key,
      ).toBe(true);
    expect(await heldFor(id)).not.toEqual([]);

    core = await start();
    const gone = await core.call("/api/v1/orgs/doomed?confirm=doomed", { method: "DELETE", token: owner.token });
    expect(gone.status).toBe(204);
    expect((await core.call("/api/v1/orgs/doomed", { token: owner.token })).status).toBe(404);
    expect((await core.edge()).forgotten).toEqual(expect.arrayContaining(["doomed", "doomed-once"]));
    for (const slug of ["doomed", "doomed-once"])
      expect((await core.door("directory", "findOrg", slug)).value).toBeNull();
    expect(await core.tick()).toBe("ok");
    await core.stop();

    expect(await tablesThatSay([id])).toEqual(OUTLIVES);
    const left = await mentionsIn(directory, [...words, "slug:doomed"]);
    // The tombstone of each object, by which nothing late revives it, and the alarm that removes that in time.
    expect(left.filter(({ table }) => table !== "_cf_ALARM")).toEqual([]);
    expect(await heldFor(id)).toEqual([]);
    const [last] = await rowsOf("select action, target from audit_log where org_id = $1 order by seq desc limit 1", [
      id,
    ]);
    expect(last).toEqual({ action: "org.destroyed", target: "doomed" });
  });
});

describe("destroying an org whose provider makes trouble", () => {
  let core: Core;
  let owner: Person;
  beforeAll(async () => {
    core = await startCore(provider.bindings);
    owner = await claim(core);
  });
  afterAll(() => core.stop());

  const send = (method: string, path: string, json?: unknown) =>
    core.call(`/api/v1/orgs${path}`, { method, token: owner.token, ...(json === undefined ? {} : { json }) });
  const destroy = (slug: string) => send("DELETE", `/${slug}?confirm=${slug}`);
  const orgWithMachine = async (slug: string): Promise<string> => {
    const { id } = (await send("POST", "", { slug, driver: "mock", machine: { volumeGb: 1 } })).json;
    await settled(core, owner.token, slug);
    return id;
  };

  test("answers in bounded time while it hangs, shows what is going on, and is finished by the clock (invariant 15)", async () => {
    const id = await orgWithMachine("hanging");
    await provider.fail({ operation: "machine.delete", kind: "hangs", times: 0 });
    const began = performance.now();
    expect((await destroy("hanging")).status).toBe(204);
    expect(performance.now() - began).toBeLessThan(DESTROY_WAIT_MS + 2_000);
    expect((await send("GET", "/hanging")).json.state).toBe("destroying");
    expect((await core.door("state", "projection", id)).value?.state).toBe("destroying");
    expect(await heldFor(id)).not.toEqual([]);
    await provider.fail();
    await expect
      .poll(async () => (await core.tick(), (await send("GET", "/hanging")).status), { timeout: 40_000, interval: 500 })
      .toBe(404);
    expect(await heldFor(id)).toEqual([]);
  }, 60_000);

  test("goes on until the volume is gone too, and nothing is made anew meanwhile (invariants 14 and 15)", async () => {
    const id = await orgWithMachine("stubborn");
    await provider.fail({ operation: "volume.delete", kind: "broken", times: 0 });
    expect([204, 503]).toContain((await destroy("stubborn")).status);
    expect((await send("GET", "/stubborn")).json.state).toBe("destroying");
    expect((await send("POST", "/stubborn/machine", { driver: "mock" })).status).toBe(409);
    expect(await core.tick()).toBe("ok");
    const { machines, volumes } = await provider.holdings();
    expect(machines.filter(({ tags }) => tags.org === id)).toEqual([]);
    expect(volumes.filter(({ tags }) => tags.org === id)).toHaveLength(1);
    await provider.fail();
    await expect
      .poll(async () => (await core.tick(), (await send("GET", "/stubborn")).status), {
        timeout: 40_000,
        interval: 500,
      })
      .toBe(404);
    expect(await heldFor(id)).toEqual([]);
  }, 60_000);

  test("takes down what is still being made", async () => {
    await provider.fail({ operation: "machine.start", kind: "slow", ms: 60_000, times: 0 });
    const { id } = (await send("POST", "", { slug: "halfway", driver: "mock", machine: { volumeGb: 1 } })).json;
    await expect.poll(() => heldFor(id)).not.toEqual([]);
    expect([204, 503]).toContain((await destroy("halfway")).status);
    await expect
      .poll(async () => (await core.tick(), (await send("GET", "/halfway")).status), { timeout: 40_000, interval: 500 })
      .toBe(404);
    expect(await heldFor(id)).toEqual([]);
  }, 60_000);
});

describe("a suspended org's machine", () => {
  let core: Core;
  let owner: Person;
  beforeAll(async () => {
    core = await startCore(provider.bindings);
    owner = await claim(core);
  });
  afterAll(() => core.stop());

  const send = (method: string, path: string, json?: unknown) =>
    core.call(`/api/v1/orgs${path}`, { method, token: owner.token, ...(json === undefined ? {} : { json }) });
  const machineState = async (slug: string) => (await send("GET", `/${slug}/machine`)).json.machine.state;

  test("is stopped, and started when the org is resumed", async () => {
    await send("POST", "", { slug: "resting", driver: "mock" });
    await settled(core, owner.token, "resting");
    expect((await send("POST", "/resting/suspend")).json.state).toBe("suspended");
    await expect.poll(() => machineState("resting"), { timeout: 10_000 }).toBe("stopped");
    expect((await send("POST", "/resting/resume")).json.state).toBe("running");
    await expect.poll(() => machineState("resting"), { timeout: 10_000 }).toBe("started");
  });

  test("that was left running is stopped by the clock", async () => {
    await send("POST", "", { slug: "awake", driver: "mock" });
    await settled(core, owner.token, "awake");
    await core.sql.query("update org set state = 'suspended', suspended_by = 'org' where slug = 'awake'");
    await core.tick();
    await expect.poll(() => machineState("awake"), { timeout: 10_000 }).toBe("stopped");
  });

  test("is none for an org on isolates, which is suspended all the same", async () => {
    await makeOrg(core, owner.token, "plain");
    expect((await send("POST", "/plain/suspend")).json.state).toBe("suspended");
    expect((await send("POST", "/plain/resume")).json.state).toBe("running");
  });
});
