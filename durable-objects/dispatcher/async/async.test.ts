import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";

import type { NewAsyncRun } from "../../../contracts/events/delivery.ts";
import { newId } from "../../../contracts/ids.ts";
import { ASYNC_ATTEMPTS_MAX, ASYNC_RESULT_BYTES_MAX, ASYNC_RESULT_KEPT_MS } from "../../../contracts/limits.ts";
import { edge, failed, lost, ok, saturated } from "../../testing/edge.ts";
import { testEnv } from "../../testing/harness.ts";

const SOON = { timeout: 5_000, interval: 10 };

function newRun(more: Partial<NewAsyncRun> = {}): NewAsyncRun {
  return {
    executionId: newId("execution"),
    scriptId: "scr_1",
    method: "POST",
    path: "/work",
    headers: {},
    body: "hello",
    bodyEncoding: "utf8",
    params: {},
    invokeDepth: 1,
    depth: 2,
    causedBy: "exe_cause",
    ...more,
  };
}

/** A dispatcher that the Org has told nothing. */
function dispatcher() {
  const orgId = newId("org");
  return { orgId, stub: testEnv.DETACHED_DISPATCHER.getByName(orgId) };
}

const answer = { status: 201, headers: { a: "b" }, body: "made", bodyEncoding: "utf8" } as const;

/** Makes whatever is tried again due. */
const hurry = (stub: ReturnType<typeof dispatcher>["stub"]) =>
  runInDurableObject(stub, async (instance, state) => {
    state.storage.sql.exec("UPDATE deliveries SET due_at = 1 WHERE due_at IS NOT NULL");
    vi.useFakeTimers({ now: Date.now() + 600_000, toFake: ["Date"] });
    try {
      await instance.alarm();
    } finally {
      vi.useRealTimers();
    }
  });

describe("a run that nobody waits for", () => {
  it("is made for an org without triggers, and its answer can be had", async () => {
    const { orgId, stub } = dispatcher();
    edge.behave(orgId, () => ok({ response: answer }));
    const run = newRun();
    await stub.startAsyncRun(run);
    await vi.waitFor(async () => {
      expect(await stub.findAsyncRun(run.executionId)).toMatchObject({
        executionId: run.executionId,
        scriptId: "scr_1",
        state: "done",
        attempts: 1,
        result: answer,
        error: null,
      });
    }, SOON);
    expect(edge.requests(orgId)).toEqual([
      { orgId, slug: "asked-for", scriptId: "scr_1", work: { type: "request", run } },
    ]);
    expect(await stub.listDeliveries({ triggerId: null, state: null }, { cursor: null, limit: 5 })).toEqual({
      items: [],
      cursor: null,
    });
  });

  it("is accepted once, also when it has ended", async () => {
    const { orgId, stub } = dispatcher();
    const run = newRun();
    await Promise.all([stub.startAsyncRun(run), stub.startAsyncRun(run)]);
    await vi.waitFor(async () => expect((await stub.findAsyncRun(run.executionId))?.state).toBe("done"), SOON);
    await stub.startAsyncRun(run);
    await scheduler.wait(20);
    expect(edge.requests(orgId)).toHaveLength(1);
  });

  it("says whether it waits or runs", async () => {
    const { orgId, stub } = dispatcher();
    edge.hold(orgId);
    edge.behave(orgId, async () => {
      await edge.whileHeld(orgId);
      return ok();
    });
    const run = newRun();
    await stub.startAsyncRun(run);
    expect(await stub.findAsyncRun(run.executionId)).toMatchObject({ state: "running", endedAt: null, result: null });
    edge.release(orgId);
    await vi.waitFor(async () => expect((await stub.findAsyncRun(run.executionId))?.state).toBe("done"), SOON);
    expect(await stub.findAsyncRun("exe_unknown")).toBeNull();
  });

  it("that the script fails has failed, and is not tried again", async () => {
    const { orgId, stub } = dispatcher();
    edge.behave(orgId, () => failed("my fault"));
    const run = newRun();
    await stub.startAsyncRun(run);
    await vi.waitFor(async () => {
      expect(await stub.findAsyncRun(run.executionId)).toMatchObject({
        state: "failed",
        attempts: 1,
        error: { code: "script_error", message: "my fault" },
      });
    }, SOON);
    expect(edge.requests(orgId)).toHaveLength(1);
  });

  it("is tried again when its edge is lost, but not for ever", async () => {
    const { orgId, stub } = dispatcher();
    edge.behave(orgId, () => Promise.reject(lost()));
    const run = newRun();
    await stub.startAsyncRun(run);
    for (let attempts = 1; attempts < ASYNC_ATTEMPTS_MAX; attempts += 1) {
      await vi.waitFor(async () => {
        expect(await stub.findAsyncRun(run.executionId)).toMatchObject({ state: "waiting", attempts });
      }, SOON);
      await hurry(stub);
    }
    await vi.waitFor(async () => {
      expect(await stub.findAsyncRun(run.executionId)).toMatchObject({
        state: "failed",
        attempts: ASYNC_ATTEMPTS_MAX,
        error: { code: "unavailable" },
      });
    }, SOON);
    expect(edge.requests(orgId)).toHaveLength(ASYNC_ATTEMPTS_MAX);
  });

  it("that found no room comes again, and that was no attempt", async () => {
    const { orgId, stub } = dispatcher();
    let calls = 0;
    edge.behave(orgId, () => ((calls += 1) === 1 ? saturated() : ok()));
    const run = newRun();
    await stub.startAsyncRun(run);
    await vi.waitFor(async () => {
      expect(await stub.findAsyncRun(run.executionId)).toMatchObject({ state: "done", attempts: 1 });
    }, SOON);
  });

  it("whose answer is too long has failed, and says so", async () => {
    const { orgId, stub } = dispatcher();
    edge.behave(orgId, () => ok({ response: { ...answer, body: "x".repeat(2 * ASYNC_RESULT_BYTES_MAX) } }));
    const run = newRun();
    await stub.startAsyncRun(run);
    await vi.waitFor(async () => {
      expect(await stub.findAsyncRun(run.executionId)).toMatchObject({
        state: "failed",
        result: null,
        error: { code: "too_large" },
      });
    }, SOON);
  });

  it("is forgotten in time", async () => {
    const { stub } = dispatcher();
    const run = newRun();
    await stub.startAsyncRun(run);
    await vi.waitFor(async () => expect((await stub.findAsyncRun(run.executionId))?.state).toBe("done"), SOON);
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec("UPDATE async_runs SET ended_at = ended_at - ?", ASYNC_RESULT_KEPT_MS);
    });
    expect(await stub.findAsyncRun(run.executionId)).toBeNull();
  });
});
