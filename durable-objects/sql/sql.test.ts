import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";

import type { SqlStatement } from "../../contracts/data/tools.ts";
import { newId } from "../../contracts/ids.ts";
import { SQL_ROWS_MAX, SQL_TABLE_ROWS_MAX, SQL_VALUE_BYTES_MAX } from "../../contracts/limits.ts";
import { sqlStub } from "../stubs.ts";
import { door, refusalOf, testEnv } from "../testing/harness.ts";

/** An org's own SQLite, empty. */
function opened() {
  const orgId = newId("org");
  const run = (...statements: (string | SqlStatement)[]) =>
    door.sqlRun(
      orgId,
      statements.map((statement) => (typeof statement === "string" ? { text: statement, parameters: [] } : statement)),
    );
  const rows = async (text: string, ...parameters: SqlStatement["parameters"]) =>
    (await run({ text, parameters }))[0]?.rows;
  return { orgId, run, rows };
}

const users = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER)";

describe("an org's own SQLite", () => {
  it("keeps tables and answers rows with their columns", async () => {
    const { run } = opened();
    const results = await run(
      users,
      { text: "INSERT INTO users (name, age) VALUES (?, ?), (?, ?)", parameters: ["Ada", 36, "Bob", null] },
      { text: "SELECT name, age FROM users WHERE age IS NOT NULL OR name = ? ORDER BY name", parameters: ["Bob"] },
    );
    expect(results[1]).toMatchObject({ rows: [], rowsWritten: 2 });
    const [ada, bob] = [
      ["Ada", 36],
      ["Bob", null],
    ];
    expect(results[2]).toEqual({ columns: ["name", "age"], rows: [ada, bob], rowsWritten: 0 });
  });

  it("runs all statements of a call or none", async () => {
    const { run, rows } = opened();
    await run(users, "INSERT INTO users (id, name) VALUES (1, 'Ada')");
    const failing = run("UPDATE users SET name = 'Eve'", "INSERT INTO users (id, name) VALUES (1, 'Bob')");
    expect((await refusalOf(failing)).message).toContain("UNIQUE constraint failed: users.id");
    expect(await rows("SELECT name FROM users")).toEqual([["Ada"]]);
  });

  it("takes null, texts, numbers and booleans, and as many as there are marks", async () => {
    const { rows } = opened();
    expect(await rows("SELECT ?, ?, ?, ?, ?", null, "π", 1.5, true, false)).toEqual([[null, "π", 1.5, 1, 0]]);
    expect((await refusalOf(rows("SELECT ?"))).code).toBe("invalid");
    expect((await refusalOf(rows("SELECT 1", 2))).code).toBe("invalid");
    expect((await refusalOf(rows("SELECT ?", "x".repeat(SQL_VALUE_BYTES_MAX + 1)))).code).toBe("too_large");
  });

  it("answers errors of SQLite as they are", async () => {
    const { rows } = opened();
    const refusal = await refusalOf(rows("SELECT * FROM unknown"));
    expect(refusal).toMatchObject({ code: "invalid", message: "The SQL is not valid: no such table: unknown." });
    expect((await refusalOf(rows("SELECT FROM WHERE"))).message).toContain("syntax error");
  });

  it("does what programs usually do", async () => {
    const { run, rows } = opened();
    await run(
      users,
      "CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, user_id INTEGER NOT NULL, total REAL DEFAULT 0, data TEXT, UNIQUE (user_id, id)) WITHOUT ROWID",
      "CREATE INDEX orders_by_user ON orders (user_id, total DESC)",
      "ALTER TABLE users ADD COLUMN email TEXT DEFAULT ''",
      "INSERT INTO users (id, name) VALUES (1, 'Ada'), (2, 'Bob')",
      { text: "INSERT OR IGNORE INTO orders VALUES (?, 1, 10, ?)", parameters: ["a", '{"tags":["x","y"]}'] },
      "INSERT INTO orders (id, user_id) VALUES ('b', 1) ON CONFLICT (id) DO UPDATE SET total = excluded.total + 1",
      "REPLACE INTO orders (id, user_id, total) VALUES ('b', 1, 7)",
    );
    expect(
      await rows(`
        -- what each has spent
        WITH spent AS (SELECT user_id, sum(total) AS sum FROM orders GROUP BY user_id HAVING sum > 0)
        SELECT u.name || ' <' || u.email || '>', CASE WHEN s.sum > 10 THEN 'much' ELSE 'little' END AS "match"
        FROM users AS u LEFT JOIN spent AS s ON s.user_id = u.id /* all */ ORDER BY u.id;`),
    ).toEqual([
      ["Ada <>", "much"],
      ["Bob <>", "little"],
    ]);
    expect(
      await rows("SELECT count(*), lower(name) FROM users WHERE id IN (SELECT value FROM json_each(?))", "[1]"),
    ).toEqual([[1, "ada"]]);
    expect(
      await rows("SELECT data ->> '$.tags[1]', json_extract(data, '$.tags[0]') FROM orders WHERE id = 'a'"),
    ).toEqual([["y", "x"]]);
    expect(await rows("SELECT name FROM users WHERE name LIKE 'A%' UNION SELECT 'x' ORDER BY 1")).toEqual([
      ["Ada"],
      ["x"],
    ]);
    expect(await rows("DELETE FROM orders WHERE user_id = 1 RETURNING id")).toEqual([["a"], ["b"]]);
    expect(await rows("SELECT group_concat(name, ', ') FROM users")).toEqual([["Ada, Bob"]]);
  });

  it("answers so many rows and bytes and no more, and says how to go on", async () => {
    const { run, rows } = opened();
    const numbers = JSON.stringify(Array.from({ length: SQL_ROWS_MAX + 1 }, (_, index) => index + 1));
    await run("CREATE TABLE n (i INTEGER PRIMARY KEY, t TEXT)", {
      text: "INSERT INTO n SELECT value, ? FROM json_each(?)",
      parameters: ["x".repeat(5_000), numbers],
    });
    expect(await refusalOf(rows("SELECT i FROM n"))).toMatchObject({
      code: "over_budget",
      details: { limit: SQL_ROWS_MAX },
    });
    expect(await rows("SELECT i FROM n LIMIT 1000")).toHaveLength(1_000);
    expect((await refusalOf(rows("SELECT * FROM n LIMIT 1000"))).message).toContain("bytes");
    expect((await refusalOf(rows("SELECT i FROM n LIMIT ?", 5_000))).code).toBe("over_budget");
    expect((await refusalOf(rows("SELECT i FROM n LIMIT 5 + 5"))).code).toBe("invalid");
    expect(await rows("SELECT i FROM n WHERE i > ? ORDER BY i LIMIT ? OFFSET 1; -- a page", 10, 2)).toEqual([
      [12],
      [13],
    ]);
    expect(await rows("SELECT i FROM n ORDER BY i LIMIT 5, 1")).toEqual([[6]]);
    // What was cut short leaves nothing locked.
    await run("DROP TABLE n");
  });

  it("bounds the rows of a table, and lets it shrink", async () => {
    const { run, rows } = opened();
    await run("CREATE TABLE n (i INTEGER PRIMARY KEY)");
    const numbers = JSON.stringify(Array.from({ length: 10_000 }, (_, index) => index));
    const insert = "INSERT INTO n SELECT value + ? FROM json_each(?)";
    const from = (start: number) => ({ text: insert, parameters: [start, numbers] });
    for (let start = 0; start < SQL_TABLE_ROWS_MAX; start += 10_000) await run(from(start));
    expect(await refusalOf(run("INSERT INTO n VALUES (-1)"))).toMatchObject({
      code: "over_budget",
      details: { limit: SQL_TABLE_ROWS_MAX, usage: SQL_TABLE_ROWS_MAX + 1 },
    });
    await run("DELETE FROM n WHERE i < 10", "INSERT INTO n VALUES (-1)");
    expect(await rows("SELECT count(*) FROM n")).toEqual([[SQL_TABLE_ROWS_MAX - 9]]);
  });

  it("goes on with what it had after its object was evicted", async () => {
    const { orgId, run, rows } = opened();
    await run(users, "INSERT INTO users (name) VALUES ('Ada')");
    await evictDurableObject(testEnv.SQL.getByName(orgId));
    expect(await rows("SELECT name FROM users")).toEqual([["Ada"]]);
  });

  it("leaves nothing of an org that was erased, and takes nothing late", async () => {
    const { orgId, run } = opened();
    await run(users, "CREATE TABLE migrations (x)");
    const stub = sqlStub(testEnv, orgId);
    await stub.erase();
    await stub.erase();
    expect((await refusalOf(run(users))).code).toBe("not_found");
    await evictDurableObject(testEnv.SQL.getByName(orgId));
    expect((await refusalOf(run("SELECT 1"))).code).toBe("not_found");
    const tables = await runInDurableObject(testEnv.SQL.getByName(orgId), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
    );
    expect(tables).toEqual([]);
  });
});
