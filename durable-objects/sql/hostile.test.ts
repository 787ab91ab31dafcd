import { beforeAll, describe, expect, it } from "vitest";

import type { SqlStatement, SqlValue } from "../../contracts/data/tools.ts";
import { platformErrorOf } from "../../contracts/errors.ts";
import { newId } from "../../contracts/ids.ts";
import { door } from "../testing/harness.ts";

/** What a statement may take in these tests, in milliseconds: much more than it does, for the machine may be busy. */
const BOUND_MS = 1_000;

const orgId = newId("org");
const long = "a".repeat(60_000);
const numbers = (count: number) => JSON.stringify(Array.from({ length: count }, (_, index) => index));

/** What became of statements, and how long they took. */
async function outcomeOf(...statements: (string | SqlStatement)[]) {
  const startedAt = Date.now();
  const list = statements.map((statement) =>
    typeof statement === "string" ? { text: statement, parameters: [] } : statement,
  );
  const code = await door.sqlRun(orgId, list).then(
    () => "ok",
    (thrown: unknown) => platformErrorOf(thrown)?.code ?? String(thrown),
  );
  const ms = Date.now() - startedAt;
  return { code, ms };
}

async function expectOutcome(code: string | RegExp, ...statements: (string | SqlStatement)[]) {
  const outcome = await outcomeOf(...statements);
  expect(outcome.code).toMatch(code);
  expect(outcome.ms).toBeLessThan(BOUND_MS);
}

const withParameters = (text: string, ...parameters: SqlValue[]): SqlStatement => ({ text, parameters });

beforeAll(async () => {
  const fill = (table: string, rows: number) =>
    withParameters(`INSERT INTO ${table} (k, v) SELECT value, 'value ' FROM json_each(?)`, numbers(rows));
  await door.sqlRun(orgId, [
    { text: "CREATE TABLE small (id INTEGER PRIMARY KEY, k INTEGER, v TEXT)", parameters: [] },
    { text: "CREATE TABLE big (id INTEGER PRIMARY KEY, k INTEGER, v TEXT)", parameters: [] },
    { text: "CREATE TABLE tiny (id INTEGER PRIMARY KEY)", parameters: [] },
    { text: "CREATE INDEX big_k ON big (k)", parameters: [] },
    { text: "CREATE TABLE fat (id INTEGER PRIMARY KEY, v TEXT)", parameters: [] },
    fill("small", 1_000),
    fill("big", 8_000),
    ...Array.from({ length: 20 }, () => withParameters("INSERT INTO fat (v) VALUES (?)", long)),
  ]);
});

describe("a hostile statement", () => {
  it("is not run where it is of a kind that nobody can bound", async () => {
    for (const text of [
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
      "WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
      'WITH "N" (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "n") SELECT count(*) FROM n',
      "WITH a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM a",
      "SELECT * FROM (WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n)",
      "CREATE TRIGGER t AFTER INSERT ON small BEGIN INSERT INTO small (k) VALUES (1); END",
      "CREATE VIEW w AS SELECT * FROM small, small AS b",
      "CREATE VIRTUAL TABLE f USING fts5(x)",
      "CREATE TEMP TABLE t (x)",
      "CREATE TABLE t (a, b AS (a + a))",
      "CREATE TABLE t (a REFERENCES small (id) ON DELETE CASCADE)",
      "CREATE TABLE t (a CHECK (a LIKE '%a%b%'))",
      "CREATE TABLE t AS SELECT * FROM big, small",
      "CREATE TABLE t (a DEFAULT (randomblob(1000000)))",
      "CREATE INDEX i ON small (v || v)",
      "CREATE INDEX i ON small (k) WHERE v LIKE '%a%'",
      "CREATE INDEX i ON small (lower(v))",
      "PRAGMA journal_mode = DELETE",
      "VACUUM",
      "ANALYZE",
      "REINDEX",
      "BEGIN",
      "COMMIT",
      "SAVEPOINT a",
      "ATTACH ':memory:' AS m",
      "INSERT OR ROLLBACK INTO small (id) VALUES (1)",
      "EXPLAIN SELECT 1",
      "SELECT 1; SELECT 2",
      "SELECT 1; /* ; */ DROP TABLE small",
      "SELECT randomblob(1000000000)",
      'SELECT "randomblob" (10)',
      "SELECT [zeroblob] (10)",
      "SELECT printf('%1000000000d', 1)",
      "SELECT hex(zeroblob(1000000))",
      "SELECT replace('a', 'a', 'b')",
      "SELECT char(65, 66)",
      "SELECT instr('a', 'b')",
      "SELECT trim('a', 'b')",
      "SELECT load_extension('x')",
      "SELECT * FROM pragma_table_info('small')",
      "SELECT * FROM sqlite_master",
      'SELECT * FROM "sqlite_schema"',
      "SELECT * FROM 'sqlite_master'",
      "SELECT * FROM _cf_KV",
      "DROP TABLE _cf_KV",
      "SELECT sum(k) OVER (ORDER BY k ROWS BETWEEN 1000 PRECEDING AND 1000 FOLLOWING) FROM big",
      'SELECT * FROM small AS "x USING INTEGER PRIMARY KEY (rowid=?)"',
      "SELECT * FROM big 'CONSTANT ROW', big b",
      "SELECT x'00'",
      "SELECT 1\0; DROP TABLE small",
      "SELECT ?1",
      "SELECT :a",
      "SELECT 'unfinished",
      "INSERT INTO small (v) SELECT group_concat(v) FROM small",
      "UPDATE small SET v = v || v",
      "",
      ";;",
      "-- nothing",
    ]) {
      await expectOutcome("invalid", text);
    }
  });

  it("is not run where its plan goes through too much", async () => {
    for (const text of [
      "SELECT count(*) FROM small a, small b, small c, small d",
      "SELECT count(*) FROM small a CROSS JOIN small b WHERE a.v = b.v",
      "SELECT count(*) FROM big AS small, small AS big, small AS other",
      "SELECT count(tiny.v), count(other.v) FROM big AS tiny, big AS other",
      'SELECT count(tiny.v), count(other.v) FROM "big" tiny JOIN [big] "other"',
      "SELECT * FROM small a WHERE EXISTS (SELECT 1 FROM small b WHERE b.v < a.v AND b.k + a.k < 0)",
      "SELECT (SELECT count(*) FROM big b WHERE b.v < a.v) FROM small a",
      "SELECT (SELECT count(*) FROM (big) x WHERE x.v < a.v) FROM small a",
      "WITH a AS (SELECT b.id FROM small b, small c) SELECT count(*) FROM a",
      "WITH a AS MATERIALIZED (SELECT * FROM small UNION ALL SELECT * FROM big) SELECT count(*) FROM a x, a y",
      "SELECT count(*) FROM (SELECT DISTINCT b.k + c.k AS s FROM small b, small c) x",
      "SELECT count(*) FROM small a JOIN big b ON b.k IN (SELECT c.k FROM big c) WHERE a.k >= 0",
      "SELECT count(*) FROM small a WHERE a.id IN (SELECT b.id * c.id FROM small b, small c)",
      "SELECT count(*) FROM small a LEFT JOIN small b ON a.v <> b.v",
      "UPDATE small SET k = (SELECT count(*) FROM big b WHERE b.v > small.v)",
      "DELETE FROM small WHERE (SELECT count(*) FROM big b WHERE b.v > small.v) > 5",
      "INSERT INTO small (k) SELECT a.k FROM small a, big b",
      "INSERT INTO big (k) SELECT a.k FROM small a, small b LIMIT 1",
      "SELECT count(*) FROM big a, big b WHERE a.v = b.v LIMIT 1",
      "SELECT * FROM fat a, fat b, fat c, fat d WHERE a.v LIKE b.v",
      `SELECT * FROM fat WHERE ${Array.from({ length: 90 }, () => "v LIKE '%aaaaaaaaaaaaaaaaaaaaaaaaab'").join(" OR ")}`,
    ]) {
      await expectOutcome("over_budget", text);
    }
    const doubled = withParameters(
      "SELECT count(*) FROM json_each(?) a, json_each(?) b",
      numbers(2_000),
      numbers(2_000),
    );
    await expectOutcome("over_budget", doubled);
  });

  it("is quickly over where it is run", async () => {
    const nested = (depth: number, inner: string, level: (inner: string) => string): string =>
      Array.from({ length: depth }).reduce<string>((text) => level(text), inner);
    const doubling = Array.from(
      { length: 5 },
      (_, i) => `c${i + 1} AS (SELECT a.v FROM c${i} a UNION ALL SELECT b.v FROM c${i} b)`,
    );
    for (const statement of [
      nested(15, "SELECT k AS v FROM small", (inner) => `SELECT v + v AS v FROM (${inner})`),
      nested(
        5,
        "SELECT k AS v FROM small",
        (inner) => `SELECT ${Array(40).fill("v").join(" + ")} AS v FROM (${inner})`,
      ),
      `WITH c0 AS (SELECT k AS v FROM small), ${doubling.join(", ")} SELECT count(*) FROM c5`,
      `SELECT ${"(".repeat(5_000)}1${")".repeat(5_000)}`,
      `SELECT ${"NOT ".repeat(4_000)}1`,
      `SELECT ${"- ".repeat(5_000)}1`,
      `SELECT ${"abs(".repeat(3_000)}1${")".repeat(3_000)}`,
      `SELECT 1 IN (${Array(5_000).fill("1").join(",")})`,
      `SELECT count(*) FROM ${Array.from({ length: 64 }, (_, i) => `small t${i}`).join(" JOIN ")} ON t0.id = t1.id`,
      `SELECT count(*) FROM ${Array.from({ length: 40 }, (_, i) => `big t${i}`).join(", ")} WHERE ${Array.from({ length: 39 }, (_, i) => `t${i}.k = t${i + 1}.k`).join(" AND ")}`,
      `SELECT ${Array(1_900).fill("k").join(", ")} FROM small`,
      `SELECT * FROM small WHERE ${Array(99).fill("k = 1").join(" OR ")}`,
      "SELECT group_concat(v) FROM fat",
      "SELECT group_concat(a.v || b.v || a.v) FROM fat a, fat b",
      "SELECT json_group_array(v) FROM big",
      "SELECT count(DISTINCT k), v FROM big GROUP BY v ORDER BY max(k)",
      "SELECT count(*) FROM fat WHERE v LIKE '%aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'",
      "SELECT count(*) FROM fat WHERE v GLOB '*[a-z][a-z][a-z][a-z][a-z][a-z][a-z][a-z]0'",
      withParameters("SELECT count(*) FROM json_each(?)", numbers(11_000)),
      withParameters("SELECT count(*) FROM json_tree(?)", "[".repeat(900) + "]".repeat(900)),
      withParameters("SELECT ? LIKE ?", long, `%${"a".repeat(47)}b`),
      withParameters("SELECT ? LIKE ?", long, "%a_%a_%a_%a_%a_%a_%a_%a_%a_%a_%b"),
      withParameters("SELECT ? || ? || ? || ?", long, long, long, long),
      "UPDATE big SET v = 'other'",
      "SELECT * FROM big ORDER BY v, k DESC LIMIT 1",
      `SELECT '${"x".repeat(17_000)}'`,
      `SELECT ${"x".repeat(1024 * 1024)}`,
    ]) {
      await expectOutcome(/^(?:ok|invalid|over_budget)$/, statement);
    }
    await expectOutcome("over_budget", ...Array<string>(100).fill("SELECT count(*) FROM big WHERE v LIKE '%a%'"));
  });

  it("is run where an index makes it cheap", async () => {
    await expectOutcome("ok", "SELECT count(*) FROM big a JOIN big b ON b.k = a.k WHERE a.v >= ''");
    await expectOutcome("ok", "SELECT a.v FROM small a JOIN big b ON b.id = a.id WHERE a.k < 10");
    await expectOutcome("ok", "SELECT (SELECT count(*) FROM big b WHERE b.k = a.k) FROM small a");
    await expectOutcome(
      "ok",
      withParameters("SELECT v FROM big WHERE id IN (SELECT value FROM json_each(?))", numbers(900)),
    );
    await expectOutcome("ok", "DELETE FROM big WHERE k IN (1, 2, 3) OR id = 77");
  });

  it("does not get by what was known before its own writes", async () => {
    const many = withParameters("INSERT INTO grown (k) SELECT value FROM json_each(?)", numbers(1_000));
    const cross = "SELECT count(*) FROM grown a, grown b";
    await expectOutcome("ok", "CREATE TABLE grown (id INTEGER PRIMARY KEY, k INTEGER)", cross);
    await expectOutcome("over_budget", many, cross);
    await expectOutcome("ok", cross);
    await expectOutcome("ok", many);
    await expectOutcome("over_budget", cross);
    await expectOutcome("ok", "DELETE FROM grown WHERE id > 300", cross);
    await expectOutcome("ok", "CREATE INDEX grown_k ON grown (k)", "UPDATE grown SET k = id");
    await expectOutcome("ok", "SELECT count(*) FROM grown a JOIN grown b ON b.k = a.k WHERE a.id > 0");
    await expectOutcome("ok", "UPDATE grown SET k = 1");
    const joined =
      "SELECT count(*) FROM grown a JOIN grown b INDEXED BY grown_k ON b.k = a.k JOIN grown c ON c.k = b.k";
    await expectOutcome("over_budget", joined);
  });
});
