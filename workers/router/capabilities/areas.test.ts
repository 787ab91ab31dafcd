import { describe, expect, it } from "vitest";

import { LOCK_WAITS_MAX } from "../../../contracts/limits.ts";
import type { CallContext } from "./area.ts";
import { AREAS } from "./areas.ts";

/** A state that writes down what it is asked, and answers each method by a function. */
function stateOf(answers: Record<string, (...args: unknown[]) => unknown> = {}) {
  const asked: [string, ...unknown[]][] = [];
  const STATE = new Proxy(
    {},
    {
      get:
        (_, method: string) =>
        async (...args: unknown[]) => {
          asked.push([method, ...args]);
          return answers[method]?.(...args) ?? null;
        },
    },
  );
  return { STATE, asked };
}

let scripts = 0;

/** Calls an area in the name of a run of the org's own; `eventDepth` is the run's. */
function caller(state: object, orgId = `org_${++scripts}`, eventDepth = 2) {
  const context = {
    holder: { orgId, slug: "slug", scriptId: "scr_1", versionId: "ver_1" },
    caller: { executionId: "exe_1", eventDepth, endsAt: Infinity },
    env: { STATE: state },
    ctx: { waitUntil: () => {} },
  } as unknown as CallContext;
  return (area: string, call: unknown) => AREAS.get(area)?.(call, context) ?? Promise.reject(new Error(`no ${area}`));
}

const VALID: Record<string, object[]> = {
  kv: [
    { operation: "get", collection: "c", keys: ["k"], values: true },
    { operation: "list", collection: "c", prefix: "", cursor: null, limit: 10, values: true },
    { operation: "write", collection: "c", writes: [{ operation: "delete", key: "k", ifVersion: 0 }] },
  ],
  docs: [
    { operation: "get", collection: "c", ids: ["a"] },
    { operation: "find", collection: "c", filter: "{}", sort: [], cursor: null, limit: 10 },
    { operation: "count", collection: "c", filter: "{}", max: 10 },
    { operation: "write", collection: "c", writes: [{ operation: "insert", id: null, value: "{}" }] },
    { operation: "listIndexes", collection: "c" },
    {
      operation: "createIndex",
      collection: "c",
      index: { name: "i", fields: [{ field: "a", descending: false }], unique: false },
    },
    { operation: "dropIndex", collection: "c", name: "i" },
  ],
  queue: [{ queue: "q", messages: [{ value: "1", delayMs: 0 }] }],
  topic: [{ topic: "t", values: ["1"] }],
  secrets: [{ name: "KEY" }],
  lock: [
    { operation: "acquire", name: "l", ttlMs: 1_000, waitMs: 0 },
    { operation: "extend", name: "l", ttlMs: 1_000, token: "t" },
    { operation: "release", name: "l", token: "t" },
  ],
  counter: [{ name: "c", by: 1 }],
  sql: [{ statements: [{ text: "select 1", parameters: [] }] }],
};
const CALLS = Object.entries(VALID).flatMap(([area, calls]) => calls.map((call) => ({ area, call })));

describe("every area", () => {
  it.each(CALLS)("asks the state once, for the caller's own org ($area $call.operation)", async ({ area, call }) => {
    const { STATE, asked } = stateOf({ readSecrets: () => [null] });
    await caller(STATE, "org_own")(area, call);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.[1]).toBe("org_own");
  });

  it.each(CALLS)("refuses what is more, less or other than a call ($area $call.operation)", async ({ area, call }) => {
    const { STATE, asked } = stateOf();
    const wrong: unknown[] = [
      undefined,
      null,
      "text",
      [],
      () => 1,
      { ...call, orgId: "org_other" },
      { ...call, __proto__: null, constructor: 1 },
    ];
    for (const field of Object.keys(call)) {
      const { [field]: _, ...less } = call as Record<string, unknown>;
      wrong.push(less);
      for (const value of [undefined, NaN, 1.5, {}, Symbol("x"), () => 1, ["\ud800"], [{ __proto__: [] }]]) {
        wrong.push({ ...call, [field]: value });
      }
    }
    for (const each of wrong) await expect(caller(STATE)(area, each)).rejects.toMatchObject({ code: "invalid" });
    expect(asked).toEqual([]);
  });

  it.each(CALLS.filter(({ call }) => Object.hasOwn(call, "collection") || Object.hasOwn(call, "name")))(
    "refuses names that are paths or worse ($area $call.operation)",
    async ({ area, call }) => {
      const { STATE, asked } = stateOf();
      const field = Object.hasOwn(call, "collection") ? "collection" : "name";
      for (const name of ["", "../x", "a/b", "a b", "é", ".a", "a".repeat(65), "a\n"]) {
        await expect(caller(STATE)(area, { ...call, [field]: name })).rejects.toMatchObject({ code: "invalid" });
      }
      expect(asked).toEqual([]);
    },
  );
});

describe("writes", () => {
  const set = (value: string) => ({ operation: "set", key: "k", value, ttlMs: null, ifVersion: null });
  const write = (...values: string[]) => ({ operation: "write", collection: "c", writes: values.map(set) });

  it("say which run made them, and how many events were above it", async () => {
    const { STATE, asked } = stateOf();
    const call = caller(STATE);
    await call("kv", write("1"));
    await call("docs", VALID["docs"]?.[3]);
    await call("queue", VALID["queue"]?.[0]);
    await call("topic", VALID["topic"]?.[0]);
    const origin = { executionId: "exe_1", depth: 2 };
    expect(asked.map((each) => each.at(-1))).toEqual([origin, origin, origin, origin]);
  });

  it.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["a number without end", "[1e999]"],
    ["half a character", `"\ud800"`],
    ["too deep", "[".repeat(65) + "]".repeat(65)],
    ["too deep to look at", "[".repeat(60_000) + "]".repeat(60_000)],
  ])("refuse a value that is %s", async (_, value) => {
    const { STATE, asked } = stateOf();
    const call = caller(STATE);
    await expect(call("kv", write("1", value))).rejects.toMatchObject({ code: "invalid" });
    await expect(call("queue", { queue: "q", messages: [{ value, delayMs: 0 }] })).rejects.toMatchObject({
      code: "invalid",
    });
    await expect(call("topic", { topic: "t", values: [value] })).rejects.toMatchObject({ code: "invalid" });
    expect(asked).toEqual([]);
  });

  it("refuse values that are too large, one by one and together", async () => {
    const { STATE, asked } = stateOf();
    const call = caller(STATE);
    const large = JSON.stringify("x".repeat(255 * 1024));
    await expect(call("kv", write(JSON.stringify("x".repeat(256 * 1024))))).rejects.toMatchObject({
      code: "too_large",
    });
    await expect(call("kv", write(...Array(33).fill(large)))).rejects.toMatchObject({ code: "too_large" });
    await expect(call("topic", { topic: "t", values: [JSON.stringify("é".repeat(70_000))] })).rejects.toMatchObject({
      code: "too_large",
    });
    expect(asked).toEqual([]);
    await call("kv", write(...Array(32).fill(large)));
    expect(asked).toHaveLength(1);
  });

  it.each([
    ["a list", { operation: "put", id: "a", value: "[]", ifVersion: null }],
    ["null", { operation: "insert", id: null, value: "null" }],
    ["one with another id", { operation: "put", id: "a", value: `{"id":"b"}`, ifVersion: null }],
    ["one with an id where it has none", { operation: "insert", id: null, value: `{"id":null}` }],
    ["a patch of the id", { operation: "update", id: "a", patch: `{"id":null}`, ifVersion: null }],
  ])("refuse as a document: %s", async (_, each) => {
    const { STATE, asked } = stateOf();
    const call = { operation: "write", collection: "c", writes: [each] };
    await expect(caller(STATE)("docs", call)).rejects.toMatchObject({ code: "invalid" });
    expect(asked).toEqual([]);
  });
});

describe("a wait for a lock", () => {
  const acquire = (waitMs: number) => ({ operation: "acquire", name: "l", ttlMs: 1_000, waitMs });

  it("ends when its time is over, and when the run that waits has ended", async () => {
    const { STATE } = stateOf();
    expect(await caller(STATE)("lock", acquire(60))).toBeNull();
    const over = {
      caller: { executionId: "exe_1", eventDepth: 0, endsAt: Date.now() + 50 },
      holder: { orgId: "org_over" },
      env: { STATE },
    };
    const began = performance.now();
    expect(await AREAS.get("lock")?.(acquire(5_000), over as unknown as CallContext)).toBeNull();
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it("is refused when too many of the org wait, and only then", async () => {
    const { STATE } = stateOf();
    const call = caller(STATE, "org_waits");
    const waits = Array.from({ length: LOCK_WAITS_MAX }, () => call("lock", acquire(150)));
    await scheduler.wait(20);
    await expect(call("lock", acquire(150))).rejects.toMatchObject({ code: "too_many_requests" });
    expect(await call("lock", acquire(0))).toBeNull();
    expect(await caller(STATE)("lock", acquire(20))).toBeNull();
    expect(await Promise.all(waits)).toEqual(Array(LOCK_WAITS_MAX).fill(null));
    expect(await call("lock", acquire(20))).toBeNull();
  });
});

describe("a state that does not answer", () => {
  const broken = () => {
    throw new Error("Network connection lost.");
  };

  it("is asked again where that is safe, and never where it is not", async () => {
    const { STATE, asked } = stateOf({ kvGet: broken, kvWrite: broken });
    const call = caller(STATE);
    await expect(call("kv", VALID["kv"]?.[0])).rejects.toMatchObject({ code: "unavailable" });
    await expect(call("kv", VALID["kv"]?.[2])).rejects.toMatchObject({ code: "unavailable" });
    expect(asked.map(([method]) => method)).toEqual(["kvGet", "kvGet", "kvWrite"]);
  });
});
