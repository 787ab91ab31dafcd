import { describe, expect, test } from "vitest";

import { PlatformError } from "../errors.ts";
import { guard } from "./guard.ts";

interface Door {
  read(): Promise<string>;
  write(): Promise<string>;
}

/** A door whose calls take these turns, one after the other. */
function doorOf(...turns: (() => Promise<string>)[]) {
  let calls = 0;
  const next = (): Promise<string> => (turns[calls++] ?? (() => Promise.resolve("late")))();
  const rules = { read: { deadlineMs: 50, safe: true }, write: { deadlineMs: 50, safe: false } };
  return { door: guard<Door>({ read: next, write: next }, "The door", rules), calls: () => calls };
}

const answers = () => Promise.resolve("answer");
const breaks = () => Promise.reject(new Error("Network connection lost."));
const hangs = () => new Promise<string>(() => {});
const refuses = () => Promise.reject(Object.assign(new Error("no"), { code: "conflict", details: { a: 1 } }));
const fails = () => Promise.reject(new TypeError("x is not a function"));

describe("a call through a door", () => {
  test("is repeated once when it is safe", async () => {
    const { door, calls } = doorOf(breaks, answers);
    expect(await door.read()).toBe("answer");
    expect(calls()).toBe(2);
    await expect(doorOf(breaks, breaks, answers).door.read()).rejects.toMatchObject({ code: "unavailable" });
  });

  test("is never repeated when it is not", async () => {
    const { door, calls } = doorOf(breaks, answers);
    await expect(door.write()).rejects.toMatchObject({ code: "unavailable", details: { retryAfterSeconds: 1 } });
    expect(calls()).toBe(1);
  });

  test("says when nobody took it, so that nothing can have begun", async () => {
    const refused = () => Promise.reject(new Error("connect(): Connection refused"));
    const { door } = doorOf(refused);
    await expect(door.write()).rejects.toMatchObject({ code: "unavailable", details: { begun: false } });
    const lost = await doorOf(breaks)
      .door.write()
      .catch((error: unknown) => error);
    expect(lost).not.toHaveProperty("details.begun");
  });

  test("ends at its deadline, the repetition included", async () => {
    const { door, calls } = doorOf(hangs, answers);
    const began = Date.now();
    await expect(door.read()).rejects.toMatchObject({ code: "unavailable" });
    expect(Date.now() - began).toBeLessThan(1_000);
    expect(calls()).toBe(1);
    await expect(doorOf(breaks, hangs).door.read()).rejects.toMatchObject({ code: "unavailable" });
  });

  test("hands a refusal on as it is, without repeating it", async () => {
    const { door, calls } = doorOf(refuses, answers);
    const refusal = await door.read().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(PlatformError);
    expect(refusal).toMatchObject({ code: "conflict", message: "no", details: { a: 1 } });
    expect(calls()).toBe(1);
  });

  test("lets a bug through as what it is", async () => {
    await expect(doorOf(fails).door.write()).rejects.toThrow(TypeError);
  });

  test("is only possible where there is a rule for it", () => {
    const { door } = doorOf(answers);
    expect((door as unknown as Record<string, unknown>)["fetch"]).toBeUndefined();
    expect((door as unknown as Record<string, unknown>)["toString"]).toBeUndefined();
  });
});
