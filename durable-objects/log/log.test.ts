import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";

import type { ExecutionFilter } from "../../contracts/doors.ts";
import type { ExecutionRecord, RunLines } from "../../contracts/execution.ts";
import { newId } from "../../contracts/ids.ts";
import {
  LOG_LINES_PER_EXECUTION_MAX,
  LOG_PAGE_LENGTH_MAX,
  LOG_RETENTION_MS,
  LOG_RETENTION_STEP_MS,
} from "../../contracts/limits.ts";
import { logStub } from "../stubs.ts";
import { anyExecution, door, execution, firstPage, logBatch, refusalOf, testEnv } from "../testing/harness.ts";

const ALL = anyExecution;
const NOW = Date.now();

async function logOf(records: ExecutionRecord[], lines: RunLines[] = []): Promise<string> {
  const orgId = newId("org");
  await door.appendLog([logBatch(orgId, records, lines)], []);
  return orgId;
}

/** All executions that a filter gives, page by page; also how many pages that took. */
async function listAll(orgId: string, filter: ExecutionFilter, limit: number) {
  const ids: string[] = [];
  let pages = 0;
  let cursor: string | null = null;
  do {
    const page = await door.listExecutions(orgId, filter, { cursor, limit });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.cursor;
    pages += 1;
  } while (cursor !== null);
  return { ids, pages };
}

describe("the log", () => {
  it("lists executions newest first, whichever edge and batch brought them", async () => {
    const [a, b, c, d] = [execution(NOW - 40), execution(NOW - 30), execution(NOW - 20), execution(NOW - 10)];
    const orgId = await logOf([b, d]);
    await door.appendLog([logBatch(orgId, [a, c])], []);
    const page = await door.listExecutions(orgId, ALL, firstPage);
    expect(page).toEqual({ items: [d, c, b, a].map((record) => ({ ...record, lines: [] })), cursor: null });
  });

  it("gives every execution exactly once over the pages of overlapping batches, retries among them", async () => {
    const records = Array.from({ length: 60 }, (_, index) => execution(NOW - (index % 20)));
    const orgId = newId("org");
    for (let start = 0; start < 60; start += 7) {
      const batch = logBatch(orgId, records.slice(start, start + 10));
      await door.appendLog([batch, batch], []);
    }
    const { ids, pages } = await listAll(orgId, ALL, 7);
    expect(ids).toHaveLength(60);
    expect(new Set(ids)).toEqual(new Set(records.map(({ id }) => id)));
    expect(pages).toBe(9);
  });

  it("keeps its place in the list while more is written", async () => {
    const records = Array.from({ length: 6 }, (_, index) => execution(NOW - 100 + index));
    const orgId = await logOf(records);
    const first = await door.listExecutions(orgId, ALL, { cursor: null, limit: 3 });
    await door.appendLog([logBatch(orgId, [execution(NOW)])], []);
    const second = await door.listExecutions(orgId, ALL, { cursor: first.cursor, limit: 3 });
    const ids = [...first.items, ...second.items].map(({ id }) => id);
    expect(ids).toEqual(records.map(({ id }) => id).reverse());
  });

  describe("finds", () => {
    const [minute, hour] = [60_000, 3_600_000];
    const ok = execution(NOW - 3 * hour, { path: "/Zürich" });
    const missing = execution(NOW - 2 * hour, { status: 404, trigger: "invoke" });
    const error = { name: "RangeError", message: 'a "quoted"\nword', stack: "at deep/inside.ts:3" };
    const failed = execution(NOW - hour, { status: 502, outcome: "error", scriptId: "scr_other", error });
    const spent = execution(NOW, { status: 507, outcome: "over_budget", brokenLimit: "cpuMs" });
    const names = new Map([ok, missing, failed, spent].map(({ id }, index) => [id, index]));
    const printed = { executionId: missing.id, lines: [{ at: NOW, level: "log" as const, text: 'say "Hello"\u0001' }] };
    let log: Promise<string> | null = null;

    const find = async (filter: Partial<ExecutionFilter>) => {
      const orgId = await (log ??= logOf([ok, missing, failed, spent], [printed]));
      const { items } = await door.listExecutions(orgId, { ...ALL, ...filter }, firstPage);
      return items.map(({ id }) => names.get(id));
    };

    it.each<[string, Partial<ExecutionFilter>, number[]]>([
      ["a script", { scriptId: "scr_hello" }, [3, 1, 0]],
      ["no part of a script's id", { scriptId: "scr" }, []],
      ["an outcome", { status: "error" }, [2]],
      ["what broke its budget", { status: "over_budget" }, [3]],
      ["a status", { status: "404" }, [1]],
      ["a class of statuses", { status: "5xx" }, [3, 2]],
      ["another class", { status: "2xx" }, [0]],
      ["an empty class", { status: "1xx" }, []],
      ["a trigger", { trigger: "invoke" }, [1]],
      ["an id", { executionId: failed.id }, [2]],
      ["what began since", { since: failed.startedAt }, [3, 2]],
      ["what began until", { until: missing.startedAt }, [1, 0]],
      ["what began between", { since: ok.startedAt + 1, until: failed.startedAt + minute }, [2, 1]],
      ["a text in a path, in whatever case", { text: "ZÜRICH" }, [0]],
      ["a text in a message", { text: 'error: A "quoted"\nw' }, [2]],
      ["a text in a stack", { text: "INSIDE.ts" }, [2]],
      ["a text in a console line", { text: 'y "hello"\u0001' }, [1]],
      ["no text that only names a field", { text: "level" }, []],
      ["nothing by a text that could be a pattern", { text: "%" }, []],
      ["all of it together", { scriptId: "scr_hello", status: "4xx", trigger: "invoke", text: "hello" }, [1]],
      ["nothing where one of it does not fit", { scriptId: "scr_hello", status: "4xx", text: "zürich" }, []],
    ])("%s", async (_, filter, expected) => {
      expect(await find(filter)).toEqual(expected);
    });
  });

  it("reads records that were stored before some of their fields were there", async () => {
    const { cpuMs, brokenLimit, depth, parentId, replayOf, request, response, ...early } = execution(NOW);
    const orgId = await logOf([early as ExecutionRecord]);
    const complete = { ...early, cpuMs, brokenLimit, depth, parentId, replayOf, request, response, lines: [] };
    expect(await door.findExecution(orgId, early.id)).toEqual(complete);
    expect((await door.listExecutions(orgId, ALL, firstPage)).items).toEqual([complete]);
  });

  it("gives an execution with its console lines, though they came in another batch, or twice", async () => {
    const record = execution(NOW);
    const lines = [{ at: NOW, level: "log" as const, text: "hello" }];
    const more = [{ at: NOW + 1, level: "error" as const, text: "oh \u0000 “no” 😀" }];
    const orgId = await logOf([], [{ executionId: record.id, lines }]);
    const batch = logBatch(orgId, [record], [{ executionId: record.id, lines: more }]);
    await door.appendLog([batch], []);
    await door.appendLog([batch], []);
    const expected = { ...record, lines: [...lines, ...more] };
    expect(await door.findExecution(orgId, record.id)).toEqual(expected);
    expect((await door.listExecutions(orgId, ALL, firstPage)).items).toEqual([expected]);
  });

  it("finds nothing for an unknown execution, part of an id, or an org without a log", async () => {
    const record = execution(NOW);
    const orgId = await logOf([record]);
    for (const id of ["exe_unknown", record.id.slice(0, -1), "", " "]) {
      expect(await door.findExecution(orgId, id)).toBeNull();
    }
    expect(await door.findExecution(newId("org"), record.id)).toBeNull();
    expect(await door.listExecutions(newId("org"), ALL, firstPage)).toEqual({ items: [], cursor: null });
  });

  it("takes batches of several orgs at once and keeps them apart", async () => {
    const [one, two] = [newId("org"), newId("org")];
    const [first, second] = [execution(NOW), execution(NOW)];
    await door.appendLog([logBatch(one, [first]), logBatch(two, [second], [], 3)], []);
    expect((await listAll(one, ALL, 10)).ids).toEqual([first.id]);
    expect((await listAll(two, ALL, 10)).ids).toEqual([second.id]);
  });

  it("stores texts of any length, cut where they would not fit", async () => {
    const stack = "at somewhere\n".repeat(300_000);
    const record = execution(NOW, { outcome: "error", error: { name: "Error", message: "no", stack } });
    const text = "€".repeat(4_096);
    const lines = Array.from({ length: LOG_LINES_PER_EXECUTION_MAX + 5 }, (_, index) => ({
      at: NOW + index,
      level: "log" as const,
      text,
    }));
    const orgId = await logOf([record, execution(NOW - 1)], [{ executionId: record.id, lines }]);
    const found = await door.findExecution(orgId, record.id);
    expect(found?.error?.message).toBe("no");
    expect(found?.error?.stack.startsWith("at somewhere\nat somewhere")).toBe(true);
    expect(found?.error?.stack.length).toBeLessThan(10_000);
    expect(found?.lines).toHaveLength(LOG_LINES_PER_EXECUTION_MAX + 1);
    expect(found?.lines.at(-1)?.text === text).toBe(true);
  });

  it("cuts a page short that would be too large to carry, and goes on where it stopped", async () => {
    const records = Array.from({ length: 12 }, (_, index) => execution(NOW - index));
    const text = "x".repeat(4_000);
    const lines = Array.from({ length: LOG_LINES_PER_EXECUTION_MAX }, () => ({ at: NOW, level: "log" as const, text }));
    const orgId = newId("org");
    for (const record of records) {
      await door.appendLog([logBatch(orgId, [record], [{ executionId: record.id, lines }])], []);
    }
    const { ids, pages } = await listAll(orgId, ALL, 50);
    expect(ids).toEqual(records.map(({ id }) => id));
    expect(pages).toBe(Math.ceil((12 * LOG_LINES_PER_EXECUTION_MAX * 4_000) / LOG_PAGE_LENGTH_MAX));
  });

  it("refuses a cursor that is made up", async () => {
    const orgId = await logOf([execution(NOW)]);
    const refusal = await refusalOf(door.listExecutions(orgId, ALL, { cursor: "made-up", limit: 5 }));
    expect(refusal.code).toBe("invalid");
  });
});

describe("a log that grows old", () => {
  it("hides at once and removes by its alarm what is past its time, and then sleeps", async () => {
    const record = execution(NOW);
    const orgId = await logOf(
      [record],
      [{ executionId: record.id, lines: [{ at: NOW, level: "log", text: "hello" }] }],
    );
    const stub = logStub(testEnv, orgId);
    expect(await runInDurableObject(stub, (_, state) => state.storage.getAlarm())).toBeGreaterThanOrEqual(
      NOW + LOG_RETENTION_MS,
    );
    vi.useFakeTimers({ now: NOW + LOG_RETENTION_MS + LOG_RETENTION_STEP_MS, toFake: ["Date"] });
    try {
      expect(await door.findExecution(orgId, record.id)).toBeNull();
      expect((await door.listExecutions(orgId, ALL, firstPage)).items).toEqual([]);
      expect(await runDurableObjectAlarm(stub)).toBe(true);
    } finally {
      vi.useRealTimers();
    }
    const left = await runInDurableObject(stub, async (_, state) => ({
      segments: state.storage.sql.exec("SELECT count(*) AS count FROM segments").one().count,
      lines: state.storage.sql.exec("SELECT count(*) AS count FROM lines").one().count,
      bytes: state.storage.sql.exec("SELECT bytes FROM usage").one().bytes,
      alarm: await state.storage.getAlarm(),
    }));
    expect(left).toEqual({ segments: 0, lines: 0, bytes: 0, alarm: null });
  });
});
