import { describe, expect, it } from "vitest";

import type { ExecutionRecord } from "./execution.ts";
import { completeRecord, encodeRecord } from "./log-record.ts";
import { sampleExecution } from "./testing/execution.ts";

const record = (more: Partial<ExecutionRecord> = {}): ExecutionRecord =>
  sampleExecution({ scriptName: "hello", versionNumber: 3, startedAt: 1_000, durationMs: 1.25, ...more });
const reread = (written: ExecutionRecord): ExecutionRecord =>
  completeRecord(JSON.parse(encodeRecord(written)) as Partial<ExecutionRecord>);

describe("a record", () => {
  it.each([
    '/"quoted"',
    "/back\\slash",
    "/line\nbreak",
    "/\u0000\u001f\u007f\u2028",
    "/grüße?q=🏝",
    "/\ud800",
    `/${"x".repeat(2_000)}`,
    "",
  ])("is read as it was written, with the path %j", (path) => {
    expect(reread(record({ path }))).toEqual(record({ path }));
    expect(reread(record({ method: path }))).toEqual(record({ method: path }));
  });

  it.each<Partial<ExecutionRecord>>([
    { error: { name: "Error", message: 'a "b"', stack: "" }, outcome: "error", status: 502 },
    { cpuMs: 0 },
    { brokenLimit: "cpuMs" },
    { depth: 1, parentId: "exe_0" },
    { replayOf: "exe_0" },
    { request: { headers: { "x-a": "b" }, body: null } },
    { response: { headers: {}, body: { text: "t", encoding: "utf8", truncated: false } } },
  ])("keeps what is said of it alone: %j", (more) => {
    expect(reread(record(more))).toEqual(record(more));
  });
});
