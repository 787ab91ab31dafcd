import { describe, expect, it } from "vitest";

import { PlatformError } from "../../../contracts/errors.ts";
import type { EventData } from "../../../contracts/events/event.ts";
import { type Trigger, triggerSourceSchema } from "../../../contracts/events/trigger.ts";
import { EVENT_BYTES_MAX } from "../../../contracts/limits.ts";
import { sampleEvent } from "./sample.ts";

const trigger = (source: object): Trigger => ({ source: triggerSourceSchema.parse(source) }) as Trigger;
const sample = (source: object, data?: unknown): EventData =>
  JSON.parse(sampleEvent(trigger(source), data === undefined ? null : JSON.stringify(data))) as EventData;

const kv = { kind: "kv", collection: "users", prefix: "user/", operations: ["delete", "set"] };
const docs = { kind: "docs", collection: "orders" };

function refusalOf(source: object, data: string): string {
  try {
    sampleEvent(trigger(source), data);
  } catch (error) {
    if (error instanceof PlatformError && error.code === "invalid") return error.message;
    throw error;
  }
  throw new Error("It was not refused");
}

describe("an event made to try a trigger", () => {
  it("is one that the trigger would get, where nothing is given", () => {
    expect(sample(kv)).toEqual({
      kind: "kv",
      collection: "users",
      key: "user/test",
      operation: "delete",
      prev: { test: true },
      version: 1,
    });
    expect(sample(docs)).toEqual({
      kind: "docs",
      collection: "orders",
      id: "test",
      operation: "insert",
      next: { id: "test" },
      version: 1,
    });
    expect(sample({ kind: "pubsub", topic: "news" })).toMatchObject({ kind: "pubsub", topic: "news" });
    expect(sample({ kind: "dead_letter" })).toMatchObject({ kind: "dead_letter", trigger: { name: "test" } });
  });

  it("has what is given, but never another kind or collection", () => {
    const given = { kind: "docs", collection: "other", key: "user/ada", operation: "set", next: null, version: 7 };
    expect(sample(kv, given)).toEqual({ ...given, kind: "kv", collection: "users" });
    expect(sample(docs, { operation: "update", id: "o1", next: { id: "o1", total: 2 } })).toMatchObject({
      prev: { id: "o1" },
      next: { id: "o1", total: 2 },
    });
    expect(sample({ kind: "pubsub", topic: "news" }, [1, 2])).toMatchObject({ topic: "news", value: [1, 2] });
    expect(sample({ kind: "dead_letter" }, { kind: "kv", attempts: 9 })).toMatchObject({
      kind: "dead_letter",
      attempts: 9,
    });
  });

  it("is refused where what is given cannot be part of it", () => {
    expect(refusalOf(kv, "[]")).toContain("must be a JSON object");
    expect(refusalOf(kv, "null")).toContain("must be a JSON object");
    expect(refusalOf(kv, "{")).toContain("must be JSON");
    expect(refusalOf(kv, '{"operation":"expire"}')).toContain("one of delete, set");
    expect(refusalOf(kv, '{"key":1}')).toContain("data.key must be text");
    expect(refusalOf(docs, '{"version":1.5}')).toContain("data.version");
    expect(refusalOf({ kind: "pubsub", topic: "t" }, "nope")).toContain("must be JSON");
    expect(refusalOf(kv, `{"x":"${"x".repeat(EVENT_BYTES_MAX)}"}`)).toContain("at most");
  });
});
