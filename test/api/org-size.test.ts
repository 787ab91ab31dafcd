import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterAll, beforeAll, expect, test } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { LogBatchWriter } from "../../contracts/log-batch.ts";
import { sampleExecution } from "../../contracts/testing/execution.ts";
import { type Core, startCore } from "./support/core.ts";
import { openTestDatabase, type TestDatabase } from "./support/database.ts";
import { claim } from "./support/people.ts";

/** Orgs that are made to be measured, and rows that are added in the database alone, where one is too small to see. */
const ORGS = 2;
const ROWS = 2_000;
/** What docs/scale.md reckons with for one org, in bytes; what is measured must not be more. */
const RECKONED = {
  /** The projection of an org with one script and one route. */
  projection: 800,
  /** Rows in Postgres with their part of the indexes, without the audit log. */
  postgres: 700,
  /** Its entries in the audit log: of its making, one save and one route. */
  audit: 2_600,
  /** The database of its Org object. */
  org: 160 * 1024,
  /** The same of its Log, of which there is one once the org was asked for something. */
  log: 64 * 1024,
};

let database: TestDatabase;
let directory: string;
beforeAll(async () => {
  database = await openTestDatabase();
  directory = await mkdtemp(join(tmpdir(), "isola-size-"));
});
afterAll(async () => {
  await database.close();
  await rm(directory, { recursive: true, force: true });
});

/** The biggest database of a class of objects, in bytes. */
async function biggestOf(className: string): Promise<number> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter(
    ({ name, parentPath }) => name.endsWith(".sqlite") && parentPath.endsWith(className) && name !== "metadata.sqlite",
  );
  const sizes = files.map(({ name, parentPath }) => {
    const opened = new DatabaseSync(join(parentPath, name), { readOnly: true });
    const query = "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()";
    const { bytes } = opened.prepare(query).get() as { bytes: number };
    opened.close();
    return bytes;
  });
  return Math.max(...sizes);
}

/** What one row of these tables takes with its part of the indexes, in bytes, when there are many. */
async function bytesOfRow(...tables: string[]): Promise<number> {
  const sizes = tables.map((table) => `pg_total_relation_size('"${table}"')`).join(" + ");
  return Number((await database.client.query(`select ${sizes} as bytes`)).rows[0].bytes) / ROWS;
}

async function makeOrgs(core: Core, token: string): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < ORGS; index += 1) {
    const slug = `sized-${index}`;
    const send = (method: string, path: string, json: unknown) =>
      core.call(`/api/v1/orgs${path}`, { method, token, json });
    ids.push((await send("POST", "", { slug })).json.id);
    const source = "export default { fetch: () => new Response('hello') };";
    const { id: scriptId, live } = (await send("PUT", `/${slug}/scripts/hello`, { source })).json;
    await send("POST", `/${slug}/routes`, { script: "hello", path: "/" });
    const body = { text: "", encoding: "utf8", truncated: false } as const;
    const record = sampleExecution({
      id: newId("execution"),
      scriptId,
      scriptName: "hello",
      versionId: live.id,
      startedAt: Date.now(),
      request: { headers: {}, body },
      response: { headers: {}, body },
    });
    const writer = new LogBatchWriter();
    writer.addRecord(record);
    await core.door("state", "appendLog", [writer.finish(ids.at(-1) ?? "")], []);
  }
  return ids;
}

test("an org at rest takes no more than the page on scale reckons with", async () => {
  const core = await startCore({}, { database, stateDirectory: directory });
  const owner = await claim(core);
  const ids = await makeOrgs(core, owner.token);
  const projection = JSON.stringify((await core.door("state", "projection", ids[0] ?? "")).value).length;
  const { client } = database;
  const made = "select sum(pg_column_size(a.*)) as bytes from audit_log a where org_id = $1";
  const audit = Number((await client.query(made, [ids[0]])).rows[0].bytes);
  await client.query(
    `insert into org (id, slug, name, driver, state, created_by, opened_at)
     select 'org_' || lpad(n::text, 20, '0'), 'row-' || n, 'Row ' || n, 'isolate', 'running', $1, now()
     from generate_series(1, $2::int) n`,
    [owner.id, ROWS],
  );
  await client.query(
    "insert into member (org_id, user_id, role) select id, $1, 'owner' from org where slug like 'row-%'",
    [owner.id],
  );
  const measured = { projection, postgres: Math.round(await bytesOfRow("org", "member")), audit, org: 0, log: 0 };
  await core.stop();
  Object.assign(measured, { org: await biggestOf("Org"), log: await biggestOf("Log") });
  if (process.env["ISOLA_SHOW_SIZES"] === "1") console.log(measured);
  for (const [what, bytes] of Object.entries(measured)) {
    expect(bytes, what).toBeGreaterThan(0);
    expect(bytes, what).toBeLessThanOrEqual(RECKONED[what as keyof typeof RECKONED]);
  }
});
