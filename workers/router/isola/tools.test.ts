import { beforeEach, describe, expect, it } from "vitest";

import { MESSAGE_BYTES_MAX } from "../../../contracts/limits.ts";
import { answerOf } from "../testing/answer.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  const methods = ["queueSend", "topicPublish", "readSecrets", "lockAcquire", "lockRelease", "counterAdd", "sqlRun"];
  for (const method of methods) await authority.takeAsked(method);
  tenant = await newTenant();
});

const answer = (names: string, body: string): Promise<unknown> => answerOf(tenant, names, body);
const lasting = (...values: unknown[]): { value: unknown }[] => values.map((value) => ({ value }));

describe("a queue in a script", () => {
  it("takes one message or many, each with its delay", async () => {
    await authority.setAnswers("queueSend", lasting(["m1"], ["m2", "m3"]));
    const result = await answer(
      "queue",
      `const jobs = queue("jobs");
       return [await jobs.send({ n: 1 }, { delaySeconds: 1.5 }), await jobs.sendBatch([{ value: 2 }, { value: 3, delaySeconds: 2 }]), await jobs.sendBatch([])];`,
    );
    expect(result).toEqual([{ id: "m1" }, { ids: ["m2", "m3"] }, { ids: [] }]);
    const origin = { executionId: expect.stringMatching(/^exe_/), depth: 0 };
    expect(await authority.takeAsked("queueSend")).toEqual([
      [tenant.orgId, "jobs", [{ value: `{"n":1}`, delayMs: 1_500 }], origin],
      [
        tenant.orgId,
        "jobs",
        [
          { value: "2", delayMs: 0 },
          { value: "3", delayMs: 2_000 },
        ],
        origin,
      ],
    ]);
  });

  it.each([
    ["a message that is too large", `send("x".repeat(${MESSAGE_BYTES_MAX}))`, "too_large"],
    ["too many messages", `sendBatch(Array.from({ length: 101 }, () => ({ value: 1 })))`, "invalid"],
    ["a message without a value", `sendBatch([{ delaySeconds: 1 }])`, "invalid"],
    ["a delay that is negative", `send(1, { delaySeconds: -1 })`, "invalid"],
    ["a delay beyond a week", `send(1, { delaySeconds: 604_801 })`, "invalid"],
  ])("refuses %s", async (_, call, code) => {
    expect(await answer("queue", `await queue("jobs").${call};`)).toMatchObject({ 0: code });
    expect(await authority.takeAsked("queueSend")).toEqual([]);
  });
});

describe("a topic in a script", () => {
  it("tells its subscribers", async () => {
    await authority.setAnswers(
      "topicPublish",
      lasting({ ids: ["m1"], subscribers: 2 }, { ids: ["m2", "m3"], subscribers: 0 }),
    );
    const result = await answer(
      "topic",
      `const news = topic("news"); return [await news.publish("a"), await news.publishBatch([1, 2]), await news.publishBatch([])];`,
    );
    expect(result).toEqual([
      { id: "m1", subscribers: 2 },
      { ids: ["m2", "m3"], subscribers: 0 },
      { ids: [], subscribers: 0 },
    ]);
    const calls = await authority.takeAsked("topicPublish");
    expect(calls.map(([, topic, values]) => [topic, values])).toEqual([
      ["news", [`"a"`]],
      ["news", ["1", "2"]],
    ]);
  });
});

describe("a lock in a script", () => {
  const held = { token: "t", fence: 3, expiresAt: 5 };

  it("is held while the work is done, and given back after, also when that throws", async () => {
    await authority.setAnswers("lockAcquire", lasting(held));
    await authority.setAnswers("lockRelease", lasting(true));
    const result = await answer(
      "lock",
      `const first = await lock("job", { ttlSeconds: 5 }, async ({ fence }) => fence);
       const second = await lock("job", () => { throw new Error("broken"); }).catch((error) => error.message);
       return [first, second];`,
    );
    expect(result).toEqual([3, "broken"]);
    expect(await authority.takeAsked("lockAcquire")).toEqual([
      [tenant.orgId, "job", 5_000, null],
      [tenant.orgId, "job", 60_000, null],
    ]);
    expect(await authority.takeAsked("lockRelease")).toHaveLength(2);
  });

  it("is waited for, in one call of the platform", async () => {
    await authority.setAnswers("lockAcquire", lasting(null, null, null, held));
    await authority.setAnswers("lockRelease", lasting(true));
    await tenant.deploy(
      `import { lock } from "./.isola/isola.js"; export default () => lock("job", { waitSeconds: 5 }, () => "done");`,
      { limits: { capabilityCalls: 2 } },
    );
    expect(await (await tenant.get("/")).json()).toBe("done");
    expect(await authority.takeAsked("lockAcquire")).toHaveLength(4);
  });

  it("cannot be had for ever", async () => {
    await authority.setAnswers("lockAcquire", lasting(null));
    const result = await answer(
      "lock",
      `const none = await lock.acquire("job"); await lock("job", { waitSeconds: 0.05 }, () => 1); return none;`,
    );
    expect(result).toMatchObject({ 0: "conflict", 2: { name: "job" } });
    expect((await authority.takeAsked("lockAcquire")).length).toBeGreaterThan(2);
  });

  it("is extended by who holds it, and said to be lost where it is", async () => {
    await authority.setAnswers("lockAcquire", lasting(held, { ...held, expiresAt: 9 }, null));
    await authority.setAnswers("lockRelease", lasting(false));
    const result = await answer(
      "lock",
      `const held = await lock.acquire("job", { ttlSeconds: 1 });
       return [held.expiresAt, await held.extend(), held.expiresAt, await held.extend({ ttlSeconds: 2 }), await held.release()];`,
    );
    expect(result).toEqual([5, true, 9, false, false]);
    expect((await authority.takeAsked("lockAcquire")).map(([, , ...rest]) => rest)).toEqual([
      [1_000, null],
      [1_000, "t"],
      [2_000, "t"],
    ]);
  });

  it.each([
    ["without work", `lock("job", {})`],
    ["for too long", `lock.acquire("job", { ttlSeconds: 901 })`],
    ["with too long a wait", `lock.acquire("job", { waitSeconds: 31 })`],
    ["under a bad name", `lock.acquire("a job")`],
  ])("is refused %s", async (_, call) => {
    expect(await answer("lock", `await ${call};`)).toMatchObject({ 0: "invalid" });
  });
});

describe("a counter in a script", () => {
  it("adds whole numbers, 1 where nothing is said", async () => {
    await authority.setAnswers("counterAdd", lasting(1, 6, 6));
    expect(
      await answer(
        "counter",
        `const hits = counter("hits"); return [await hits.add(), await hits.add(5), await hits.get()];`,
      ),
    ).toEqual([1, 6, 6]);
    expect((await authority.takeAsked("counterAdd")).map(([, name, by]) => [name, by])).toEqual([
      ["hits", 1],
      ["hits", 5],
      ["hits", 0],
    ]);
    expect(await answer("counter", `await counter("hits").add(0.5);`)).toMatchObject({ 0: "invalid" });
  });
});

describe("sql in a script", () => {
  it("keeps values apart from the text, and answers rows by column", async () => {
    await authority.setAnswers("sqlRun", lasting([{ columns: ["id", "__proto__"], rows: [[1, "x"]], rowsWritten: 0 }]));
    const result = await answer(
      "sql",
      `const rows = await sql\`select * from t where a = \${"'; drop table t"} and b = \${true} and c = \${new Date(0)}\`;
       return rows.map((row) => Object.entries(row));`,
    );
    expect(result).toEqual([
      [
        ["id", 1],
        ["__proto__", "x"],
      ],
    ]);
    expect(await authority.takeAsked("sqlRun")).toEqual([
      [
        tenant.orgId,
        [
          {
            text: "select * from t where a = ? and b = ? and c = ?",
            parameters: ["'; drop table t", true, "1970-01-01T00:00:00.000Z"],
          },
        ],
      ],
    ]);
  });

  it("runs a statement when it is awaited, and once", async () => {
    await authority.setAnswers("sqlRun", lasting([{ columns: ["n"], rows: [[1]], rowsWritten: 0 }]));
    const result = await answer("sql", `sql\`never\`; const one = sql\`select 1\`; return [await one, await one];`);
    expect(result).toEqual([[{ n: 1 }], [{ n: 1 }]]);
    expect(await authority.takeAsked("sqlRun")).toHaveLength(1);
  });

  it("runs a transaction in one call", async () => {
    const result = { columns: ["n"], rows: [[1]], rowsWritten: 0 };
    await authority.setAnswers("sqlRun", lasting([result, { ...result, rows: [] }]));
    expect(await answer("sql", `return sql.transaction([sql\`a\`, sql\`b \${1}\`]);`)).toEqual([[{ n: 1 }], []]);
    const [[, statements]] = (await authority.takeAsked("sqlRun")) as [unknown[]];
    expect(statements).toEqual([
      { text: "a", parameters: [] },
      { text: "b ?", parameters: [1] },
    ]);
  });

  it.each([
    ["a call that is no template", `sql("select 1")`],
    ["an object as a value", "sql`select ${{}}`"],
    ["NaN as a value", "sql`select ${NaN}`"],
    ["another statement as a value", "sql`select ${sql`x`}`"],
    ["what is no statement in a transaction", `sql.transaction(["select 1"])`],
    ["too many statements", "sql.transaction(Array.from({ length: 101 }, () => sql`select 1`))"],
  ])("refuses %s", async (_, call) => {
    expect(await answer("sql", `await ${call};`)).toMatchObject({ 0: "invalid" });
    expect(await authority.takeAsked("sqlRun")).toEqual([]);
  });
});

describe("a cache in a script", () => {
  it("keeps copies for their time, in the isolate alone", async () => {
    const result = await answer(
      "cache",
      `const value = { n: 1 };
       await cache.set("a", value); value.n = 2; (await cache.get("a")).n = 3;
       await cache.set("short", 1, { ttlSeconds: 0.02 });
       const before = await cache.get("short");
       await scheduler.wait(40);
       let made = 0;
       const make = async () => ++made;
       const remembered = [await cache.remember("m", { ttlSeconds: 5 }, make), await cache.remember("m", {}, make)];
       return [await cache.get("a"), before, (await cache.get("short")) === undefined, remembered, await cache.delete("a"), await cache.delete("a")];`,
    );
    expect(result).toEqual([{ n: 1 }, 1, true, [1, 1], true, false]);
  });

  it("is bounded in entries and in room, and lets go of what was not used for longest", async () => {
    const entries = await answer(
      "cache",
      `for (let i = 0; i < 1000; i++) await cache.set("k" + i, i);
       await cache.get("k0");
       await cache.set("more", 1);
       return [(await cache.get("k0")), (await cache.get("k1")) === undefined, await cache.get("more")];`,
    );
    expect(entries).toEqual([0, true, 1]);
    const room = await answer(
      "cache",
      `const big = "x".repeat(200_000); for (let i = 0; i < 30; i++) await cache.set("k" + i, big);
       let kept = 0; for (let i = 0; i < 30; i++) if (await cache.get("k" + i)) kept++; return kept;`,
    );
    expect(room).toBe(20);
  });
});
