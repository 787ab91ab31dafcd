import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { DATABASE_CHECKPOINT_INTERVAL_MS, DATABASE_VACUUM_INTERVAL_MS } from "../../contracts/limits.ts";
import type { Engine } from "./engine.ts";
import { startMaintenance } from "./maintenance.ts";
import { query, readyForQuery } from "./messages.ts";
import { Turns } from "./turns.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function engineThatWritesDown(given: string[], failure?: Error): Engine {
  return {
    greeting: readyForQuery("I"),
    version: "18",
    execute: async (messages) => {
      if (failure !== undefined) throw failure;
      given.push(messages.subarray(5, -1).toString());
      return { bytes: readyForQuery("I"), status: "I" };
    },
    close: async () => undefined,
  };
}

test("checkpoints and clean-ups come round, each at its own pace, until they are stopped", async () => {
  const given: string[] = [];
  const maintenance = startMaintenance({ engine: engineThatWritesDown(given), turns: new Turns() }, () =>
    expect.unreachable(),
  );
  await vi.advanceTimersByTimeAsync(DATABASE_CHECKPOINT_INTERVAL_MS * 2);
  expect(given).toEqual(["CHECKPOINT", "CHECKPOINT"]);
  await vi.advanceTimersByTimeAsync(DATABASE_VACUUM_INTERVAL_MS);
  expect(given.filter((sql) => sql.startsWith("VACUUM"))).toHaveLength(1);
  maintenance.stop();
  const before = given.length;
  await vi.advanceTimersByTimeAsync(DATABASE_VACUUM_INTERVAL_MS);
  expect(given).toHaveLength(before);
});

test("upkeep waits for a transaction that is running", async () => {
  const given: string[] = [];
  const turns = new Turns();
  const endTurn = (await turns.take(Infinity))!;
  const maintenance = startMaintenance({ engine: engineThatWritesDown(given), turns }, () => expect.unreachable());
  await vi.advanceTimersByTimeAsync(DATABASE_CHECKPOINT_INTERVAL_MS);
  expect(given).toEqual([]);
  endTurn();
  await vi.advanceTimersByTimeAsync(0);
  expect(given).toEqual([query("CHECKPOINT").subarray(5, -1).toString()]);
  maintenance.stop();
});

test("an engine that dies of its upkeep is reported", async () => {
  const failure = new Error("dead");
  const heard: unknown[] = [];
  const shared = { engine: engineThatWritesDown([], failure), turns: new Turns() };
  const maintenance = startMaintenance(shared, (error) => heard.push(error));
  await vi.advanceTimersByTimeAsync(DATABASE_CHECKPOINT_INTERVAL_MS);
  expect(heard).toEqual([failure]);
  maintenance.stop();
});
