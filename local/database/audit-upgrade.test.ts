import { createHash, randomUUID } from "node:crypto";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { migrateDatabase } from "./migrate.ts";
import { type OpenDatabase, openDatabase } from "./open.ts";
import { ask, scratchFolder } from "./testing/scratch.ts";

const FOLDER = join(import.meta.dirname, "../../migrations/postgres");
const realUrl = process.env["TEST_DATABASE_URL"];
const kinds = realUrl === undefined ? (["embedded"] as const) : (["embedded", "postgres"] as const);
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Entries that were written before there were chains, out of order: org, time. */
const OLD = [
  ["org_a", 3],
  [null, 1],
  ["org_a", 1],
  ["org_b", 1],
  [null, 2],
  ["org_a", 2],
] as const;

describe.each(kinds)("an audit log of before, on the %s database", (kind) => {
  const scratch = scratchFolder();
  const realName = `upgrade_${randomUUID().replaceAll("-", "")}`;
  let database: OpenDatabase;
  let url: string;

  beforeAll(async () => {
    let databaseUrl: string | undefined;
    if (kind === "postgres") {
      await ask(realUrl!, `create database ${realName}`);
      databaseUrl = Object.assign(new URL(realUrl!), { pathname: `/${realName}` }).href;
    }
    database = await openDatabase({ dataDirectory: scratch.path, databaseUrl, onProgress: () => undefined });
    url = database.databaseUrl;
    await migrateDatabase({ databaseUrl: url, folder: folderUntil("0002_people") });
    for (const [orgId, second] of OLD) {
      await ask(
        url,
        `insert into audit_log (id, at, actor_type, actor_id, actor_name, action, target, org_id, details)
         values ($1, to_timestamp($2), 'user', 'usr_1', 'Ü', 'thing.change', $1, $3, '{"b": 1, "a": "é"}')`,
        [`aud_${randomUUID()}`, second + 0.123, orgId],
      );
    }
    await migrateDatabase({ databaseUrl: url, folder: FOLDER });
  });

  afterAll(async () => {
    await database.close();
    if (kind === "postgres") await ask(realUrl!, `drop database ${realName} with (force)`);
    scratch.remove();
  });

  /** The migrations as they were when this one was the newest. */
  function folderUntil(tag: string): string {
    const folder = join(scratch.path, "before");
    cpSync(FOLDER, folder, { recursive: true });
    const path = join(folder, "meta/_journal.json");
    const journal = JSON.parse(readFileSync(path, "utf8")) as { entries: { tag: string }[] };
    const last = journal.entries.findIndex((entry) => entry.tag === tag);
    writeFileSync(path, JSON.stringify({ ...journal, entries: journal.entries.slice(0, last + 1) }));
    return folder;
  }

  test.each([
    ["platform", 2],
    ["org_a", 3],
    ["org_b", 1],
  ])("is linked in the order of its time: %s", async (chain, length) => {
    const rows = await ask(url, "select * from audit_log where chain = $1 order by seq", [chain]);
    expect(rows.map(({ seq }) => Number(seq))).toEqual(Array.from({ length }, (_, index) => index + 1));
    let prevHash = sha256(chain);
    for (const [index, row] of rows.entries()) {
      expect(row["prev_hash"]).toBe(prevHash);
      prevHash = sha256(`${prevHash}\n${String(row["entry"])}`);
      expect(row["hash"]).toBe(prevHash);
      expect(JSON.parse(String(row["entry"]))).toEqual({
        id: row["id"],
        at: (index + 1) * 1_000 + 123,
        actor: { type: "user", id: "usr_1", name: "Ü" },
        action: "thing.change",
        target: row["id"],
        orgId: chain === "platform" ? null : chain,
        details: { a: "é", b: 1 },
        address: null,
        requestId: null,
      });
    }
    const [head] = await ask(url, "select seq, hash from audit_head where chain = $1", [chain]);
    expect(head).toEqual({ seq: String(length), hash: prevHash });
  });

  test("goes on from there", async () => {
    await ask(
      url,
      `insert into audit_log (id, actor_type, actor_id, actor_name, action, target, org_id, details, entry)
       values ('aud_next', 'user', 'usr_1', 'U', 'a.b', 't', 'org_b', '{}', '{}')`,
    );
    const [next] = await ask(url, "select seq, prev_hash from audit_log where id = 'aud_next'");
    const [last] = await ask(url, "select hash from audit_log where chain = 'org_b' and seq = 1");
    expect(next).toEqual({ seq: "2", prev_hash: last?.["hash"] });
  });
});
