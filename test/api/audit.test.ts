import { createHash } from "node:crypto";

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { type Core, startCore } from "./support/core.ts";
import { claim, giveKey, join, makeOrg, type Person } from "./support/people.ts";

let core: Core;
let owner: Person;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
});
afterAll(() => core.stop());

interface Entry {
  id: string;
  at: number;
  actor: { type: string; id: string; name: string };
  action: string;
  target: string;
  seq: number;
  hash: string;
  prevHash: string;
  details: Record<string, unknown>;
}

const get = (path: string, token = owner.token) => core.call(`/api/v1${path}`, { token });
const entriesOf = async (path: string, token = owner.token): Promise<Entry[]> => (await get(path, token)).json.items;
const rename = (slug: string, name: string) =>
  core.call(`/api/v1/orgs/${slug}`, { method: "PATCH", token: owner.token, json: { name } });
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** An org with so many entries: one of its making, the rest of names it was given. */
async function orgWithEntries(slug: string, count: number): Promise<string> {
  const id = await makeOrg(core, owner.token, slug);
  for (let n = 1; n < count; n += 1) await rename(slug, `Name ${n}`);
  return id;
}

describe("an org's audit log", () => {
  test("says who did what to what, when, from where, newest first, and what was before", async () => {
    const before = Date.now();
    const id = await makeOrg(core, owner.token, "said");
    const renamed = await rename("said", "Another");
    const [latest, first] = await entriesOf("/orgs/said/audit");
    expect(first).toMatchObject({ action: "org.create", target: "said", orgId: id, seq: 1, chain: id });
    expect(latest).toMatchObject({
      action: "org.rename",
      actor: { type: "key" },
      details: { before: "said", after: "Another" },
      requestId: renamed.headers.get("x-request-id"),
      address: null,
      seq: 2,
      prevHash: first?.hash,
    });
    expect(latest?.at).toBeGreaterThanOrEqual(before);
    expect(latest?.at).toBeLessThanOrEqual(Date.now());
  });

  test("is read page by page, and a page is the same whatever is written meanwhile", async () => {
    await orgWithEntries("paged", 5);
    const first = (await get("/orgs/paged/audit?limit=2")).json;
    await rename("paged", "Later");
    const second = (await get(`/orgs/paged/audit?limit=2&cursor=${first.cursor}`)).json;
    const third = (await get(`/orgs/paged/audit?limit=2&cursor=${second.cursor}`)).json;
    expect([first, second, third].map(({ items }) => items.map(({ seq }: Entry) => seq))).toEqual([
      [5, 4],
      [3, 2],
      [1],
    ]);
    expect(third.cursor).toBeNull();
  });

  test.each(["nonsense", btoa("nonsense"), btoa("1|2|3"), btoa("9999999999999999|1|aud_1"), "%00"])(
    "refuses the cursor %s",
    async (cursor) => {
      const refused = await get(`/audit?cursor=${encodeURIComponent(cursor)}`);
      expect([refused.status, refused.json.error.details.issues[0].field]).toEqual([422, "cursor"]);
    },
  );

  test("has nothing of another org, and ends with the org only for those who are of it", async () => {
    const home = await orgWithEntries("mine", 2);
    const away = await orgWithEntries("yours", 3);
    const { token } = await join(core, "member", { [home]: "admin" });
    const mine = await entriesOf("/orgs/mine/audit?limit=100", token);
    expect(mine.map(({ target }) => target)).toEqual(["mine", "mine"]);
    expect((await get("/orgs/yours/audit", token)).status).toBe(404);
    expect(await entriesOf(`/orgs/mine/audit?org=${away}`, token)).toHaveLength(2);
    const exported = await get("/orgs/mine/audit/export", token);
    expect(exported.text).not.toContain(away);

    await core.call("/api/v1/orgs/yours?confirm=yours", { method: "DELETE", token: owner.token });
    expect((await entriesOf(`/audit?org=${away}`)).map(({ action }) => action)).toEqual([
      "org.destroyed",
      "org.delete",
      "org.rename",
      "org.rename",
      "org.create",
    ]);
  });
});

describe("the platform's audit log", () => {
  test("is looked through by actor, action, target, org, request and time", async () => {
    const id = await orgWithEntries("sought", 3);
    const person = await join(core, "admin");
    await core.call("/api/v1/orgs/sought", { method: "PATCH", token: person.token, json: { name: "Theirs" } });
    const all = await entriesOf("/audit?org=sought");
    expect(all).toHaveLength(4);
    const [latest, third] = all;
    if (latest === undefined || third === undefined) expect.fail("there must be entries");
    const count = async (query: string) => (await entriesOf(`/audit?org=sought&${query}`)).length;
    expect(await count(`actor=${latest.actor.id}`)).toBe(1);
    expect(await count(`actor=${encodeURIComponent(latest.actor.name)}`)).toBeGreaterThanOrEqual(1);
    expect(await count("actor=nobody")).toBe(0);
    expect(await count("action=org.")).toBe(4);
    expect(await count("action=org.rename")).toBe(3);
    expect(await count("action=org_")).toBe(0);
    expect(await count("action=%25")).toBe(0);
    expect(await count("target=sought")).toBe(4);
    expect(await count("target=other")).toBe(0);
    expect(await count(`from=${latest.at}`)).toBeGreaterThanOrEqual(1);
    expect(await count(`to=${latest.at}`)).toBeLessThanOrEqual(3);
    expect(await count(`from=${latest.at + 60_000}`)).toBe(0);
    expect(await entriesOf(`/audit?org=${id}`)).toEqual(all);
    const byRequest = await rename("sought", "Once more");
    const requestId = byRequest.headers.get("x-request-id");
    expect(await entriesOf(`/audit?requestId=${requestId}`)).toHaveLength(1);
  });

  test("is for the platform's admins alone", async () => {
    const { token } = await join(core, "member");
    for (const path of ["/audit", "/audit/export", "/audit/verify"]) expect((await get(path, token)).status).toBe(403);
    const scoped = await giveKey(core, owner.id, { scopes: ["platform:audit"] });
    for (const path of ["/audit", "/audit/export", "/audit/verify"]) expect((await get(path, scoped)).status).toBe(200);
  });

  test("keeps no secret that somebody puts into a name", async () => {
    await makeOrg(core, owner.token, "leaky");
    const key = await giveKey(core, owner.id);
    await rename("leaky", `my key is ${key}`);
    const [entry] = await entriesOf("/orgs/leaky/audit");
    expect(entry?.details).toEqual({ before: "leaky", after: "my key is [redacted]" });
    const { rows } = await core.sql.query("select entry from audit_log where strpos(entry, $1) > 0", [key]);
    expect(rows).toEqual([]);
  });
});

describe("an export", () => {
  test("has everything in its order, so that anybody can verify it", async () => {
    const id = await orgWithEntries("exported", 4);
    const file = await get("/orgs/exported/audit/export");
    expect(file.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
    expect(file.headers.get("content-disposition")).toBe('attachment; filename="audit-exported.ndjson"');
    const lines = file.text.trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    let prevHash = sha256(id);
    for (const line of lines) {
      const link = JSON.parse(line) as { chain: string; prevHash: string; hash: string; entry: string };
      expect(link.prevHash).toBe(prevHash);
      expect(link.hash).toBe(sha256(`${link.prevHash}\n${link.entry}`));
      prevHash = link.hash;
    }
  });

  test("is of all pages, and of what was asked for", async () => {
    const id = await makeOrg(core, owner.token, "lengthy");
    await addEntries(id, 1_203);
    const all = await get("/orgs/lengthy/audit/export");
    const seqs = all.text
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as Entry).seq);
    expect(seqs).toEqual(Array.from({ length: 1_204 }, (_, index) => index + 1));
    expect((await get("/orgs/lengthy/audit/export?action=org.create")).text.trimEnd().split("\n")).toHaveLength(1);
    expect((await get("/orgs/lengthy/audit/export?from=253402300799999")).text).toBe("");
    const verified = (await get("/orgs/lengthy/audit/verify")).json;
    expect(verified).toMatchObject({ ok: true, entries: 1_204, head: { chain: id, seq: 1_204 }, cursor: null });
  });

  test("as CSV opens in a spreadsheet without running anything", async () => {
    await makeOrg(core, owner.token, "sheet");
    await core.call("/api/v1/orgs/sheet/kv/c/%3D1%2B1", { method: "PUT", token: owner.token, json: { value: 1 } });
    await expect.poll(() => entriesOf("/orgs/sheet/audit?action=kv.")).toHaveLength(1);
    const file = await get("/orgs/sheet/audit/export?format=csv");
    expect(file.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const [header, ...lines] = file.text.trimEnd().split("\r\n");
    expect(header).toMatch(/^at,actor_type,/);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain(",kv.set,'=1+1,");
  });

  test("takes no other format", async () => {
    expect((await get("/audit/export?format=xlsx")).status).toBe(422);
  });
});

describe("the database", () => {
  test.each([
    "update audit_log set target = 'x'",
    "delete from audit_log",
    "truncate audit_log",
    "update audit_head set seq = 0",
    "delete from audit_head",
    "truncate audit_head",
    "insert into audit_head values ('new', 1, '', '')",
  ])("refuses to %s", async (statement) => {
    await expect(core.sql.query(statement)).rejects.toThrow(/the audit log is append-only/);
  });

  test("sets place and hashes itself, whatever an insert says", async () => {
    const id = await makeOrg(core, owner.token, "forged");
    await core.sql.query(
      `insert into audit_log (id, actor_type, actor_id, actor_name, action, target, org_id, details, entry, seq, prev_hash, hash)
       values ('aud_forged', 'user', 'u', 'U', 'a.b', 't', $1, '{}', 'text', 99, 'p', 'h')`,
      [id],
    );
    const { rows } = await core.sql.query("select seq, prev_hash, hash from audit_log where id = 'aud_forged'");
    expect(Number(rows[0].seq)).toBe(2);
    expect(rows[0].hash).toBe(sha256(`${rows[0].prev_hash}\ntext`));
  });

  test("links entries that come at once one after the other", async () => {
    const id = await makeOrg(core, owner.token, "crowded");
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => rename("crowded", `Name ${n}`)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const verified = (await get("/orgs/crowded/audit/verify")).json;
    expect(verified).toMatchObject({ ok: true, entries: 13, head: { chain: id, seq: 13 } });
  });

  test("writes no entry for a change that did not happen", async () => {
    await makeOrg(core, owner.token, "taken");
    expect((await core.call("/api/v1/orgs", { token: owner.token, json: { slug: "taken" } })).status).toBe(409);
    expect(await entriesOf("/audit?target=taken")).toHaveLength(1);
  });
});

describe("who has the database to themselves and changes", () => {
  /** Runs statements that the triggers would refuse, as only the tables' owner can. */
  async function tamper(...statements: string[]): Promise<void> {
    await core.sql.query("alter table audit_log disable trigger user");
    await core.sql.query("alter table audit_head disable trigger user");
    for (const statement of statements) await core.sql.query(statement);
    await core.sql.query("alter table audit_log enable trigger user");
    await core.sql.query("alter table audit_head enable trigger user");
  }
  const broken = async (slug: string, query = "") => (await get(`/orgs/${slug}/audit/verify${query}`)).json.broken;
  afterEach(() => core.sql.query('create unique index if not exists "audit_log_chain_seq" on audit_log (chain, seq)'));

  let count = 0;
  async function fresh(): Promise<{ slug: string; id: string; row: (seq: number) => string }> {
    count += 1;
    const slug = `tampered-${count}`;
    const id = await orgWithEntries(slug, 5);
    expect((await get(`/orgs/${slug}/audit/verify`)).json).toMatchObject({ ok: true, entries: 5, broken: null });
    return { slug, id, row: (seq) => `chain = '${id}' and seq = ${seq}` };
  }

  test("an entry is found out", async () => {
    const { slug, row } = await fresh();
    await tamper(`update audit_log set entry = replace(entry, 'Name 2', 'Name 9') where ${row(3)}`);
    expect(await broken(slug)).toMatchObject({ seq: 3, reason: "entry_changed", message: expect.any(String) });
  });

  test("a column is found out", async () => {
    const { slug, row } = await fresh();
    await tamper(`update audit_log set actor_name = 'Somebody else' where ${row(2)}`);
    expect(await broken(slug)).toMatchObject({ seq: 2, reason: "column_changed" });
  });

  test("an entry with its hash is found out", async () => {
    const { slug, row } = await fresh();
    const hash =
      "encode(sha256(convert_to(prev_hash || chr(10) || replace(entry, 'Name 2', 'Name 9'), 'UTF8')), 'hex')";
    await tamper(
      `update audit_log set hash = ${hash}, entry = replace(entry, 'Name 2', 'Name 9'),
       details = replace(details::text, 'Name 2', 'Name 9')::jsonb where ${row(3)}`,
    );
    expect(await broken(slug)).toMatchObject({ seq: 4, reason: "unlinked" });
  });

  test("the number of entries is found out: one removed, also where the rest moved up", async () => {
    const { slug, id, row } = await fresh();
    await tamper(`delete from audit_log where ${row(3)}`);
    expect(await broken(slug)).toMatchObject({ seq: 4, reason: "missing" });
    await tamper(`update audit_log set seq = seq - 1 where chain = '${id}' and seq = 4`);
    expect(await broken(slug)).toMatchObject({ seq: 3, reason: "unlinked" });
  });

  test("the order is found out", async () => {
    const { slug, id, row } = await fresh();
    await tamper(
      `update audit_log set seq = 100 where ${row(2)}`,
      `update audit_log set seq = 2 where ${row(3)}`,
      `update audit_log set seq = 3 where chain = '${id}' and seq = 100`,
    );
    expect(await broken(slug)).toMatchObject({ seq: 2, reason: "unlinked" });
  });

  test("the number of entries is found out: one put in", async () => {
    const { slug, row } = await fresh();
    await tamper(
      "drop index audit_log_chain_seq",
      `insert into audit_log (id, at, actor_type, actor_id, actor_name, action, target, org_id, details, entry, seq, prev_hash, hash)
       select 'aud_zz', at, actor_type, actor_id, actor_name, action, target, org_id, details, entry, seq, prev_hash, hash
       from audit_log where ${row(3)}`,
    );
    const found = await broken(slug);
    await tamper("delete from audit_log where id = 'aud_zz'");
    expect(found).toMatchObject({ seq: 3, reason: expect.stringMatching(/repeated|column_changed/) });
  });

  test("the end is found out: cut off, with or without its head", async () => {
    const { slug, id, row } = await fresh();
    const noted = (await get(`/orgs/${slug}/audit/verify`)).json.head;
    await tamper(`delete from audit_log where ${row(5)}`);
    expect(await broken(slug)).toMatchObject({ seq: 5, reason: "cut_short" });
    await tamper(
      `update audit_head set (seq, prev_hash, hash) = (select seq, prev_hash, hash from audit_log where ${row(4)}) where chain = '${id}'`,
    );
    expect(await broken(slug)).toBeNull();
    expect(await broken(slug, `?seq=${noted.seq}&hash=${noted.hash}`)).toMatchObject({ seq: 5, reason: "cut_short" });
    await rename(slug, "In its place");
    expect(await broken(slug)).toBeNull();
    expect(await broken(slug, `?seq=${noted.seq}&hash=${noted.hash}`)).toMatchObject({
      seq: 5,
      reason: "not_as_noted",
    });
    await tamper(`delete from audit_head where chain = '${id}'`);
    expect(await broken(slug)).toMatchObject({ reason: "head_missing" });
    await tamper(`delete from audit_log where chain = '${id}'`);
  });

  test("anything is found out by a look at all chains, which says in which", async () => {
    const { id, row } = await fresh();
    await tamper(`update audit_log set target = 'x' where ${row(4)}`);
    let found = (await get(`/audit/verify?chain=${id}`)).json;
    expect(found).toMatchObject({ ok: false, broken: { chain: id, seq: 4 }, head: { seq: 3 }, cursor: null });
    await tamper(`delete from audit_log where chain = '${id}'`, `delete from audit_head where chain = '${id}'`);
    expect((await get("/audit/verify?chain=platform")).json).toMatchObject({ ok: true, head: { chain: "platform" } });
    found = (await get("/audit/verify")).json;
    expect(found.broken).not.toBeNull();
  });
});

test("a long chain is verified in parts, each from where the last one ended", async () => {
  const id = await makeOrg(core, owner.token, "endless");
  await addEntries(id, 5_600);
  const first = (await get("/orgs/endless/audit/verify")).json;
  expect(first).toMatchObject({ ok: true, entries: 5_000, head: { seq: 5_000 }, broken: null });
  const cursor = encodeURIComponent(first.cursor);
  const second = (await get(`/orgs/endless/audit/verify?cursor=${cursor}`)).json;
  expect(second).toMatchObject({ ok: true, entries: 601, head: { seq: 5_601 }, cursor: null });
  const other = (await get(`/orgs/forged/audit/verify?cursor=${cursor}`)).json;
  expect(other).toMatchObject({ ok: false, broken: { reason: "cut_short" }, entries: 0 });
});

test.each(["?seq=1", `?hash=${"0".repeat(64)}`, "?seq=0&hash=x", "?cursor=nonsense", `?cursor=${btoa("{}")}`])(
  "a verification cannot be asked for with %s",
  async (query) => {
    expect((await get(`/orgs/forged/audit/verify${query}`)).status).toBe(422);
    expect((await get(`/audit/verify${query}`)).status).toBe(422);
  },
);

/** Adds entries as the platform makes them, but in one statement. */
async function addEntries(orgId: string, count: number): Promise<void> {
  for (let from = 1; from <= count; from += 400) await addSome(orgId, from, Math.min(from + 399, count));
}

async function addSome(orgId: string, from: number, to: number): Promise<void> {
  await core.sql.query(
    `insert into audit_log (id, at, actor_type, actor_id, actor_name, action, target, org_id, details, entry)
     select id, now, 'user', 'usr_1', 'U', 'thing.change', 't', $1, '{}',
       json_build_object('id', id, 'at', (extract(epoch from now) * 1000)::bigint,
         'actor', json_build_object('type', 'user', 'id', 'usr_1', 'name', 'U'), 'action', 'thing.change', 'target', 't',
         'orgId', $1::text, 'details', '{}'::json, 'address', null, 'requestId', null)::text
     from (select 'aud_' || substr(md5($1 || n), 1, 20) as id, date_trunc('milliseconds', clock_timestamp()) as now
       from generate_series($2::int, $3::int) as n) as made`,
    [orgId, from, to],
  );
}
