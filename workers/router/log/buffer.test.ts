import { describe, expect, it } from "vitest";

import type { ExecutionRecord, LogBatch } from "../../../contracts/execution.ts";
import {
  LOG_BODY_BYTES_MAX,
  LOG_BUFFER_LENGTH_MAX,
  LOG_BUFFER_RECORDS_MAX,
  LOG_ROW_LENGTH_MAX,
  LOG_SEGMENT_SPAN_MS,
} from "../../../contracts/limits.ts";
import { completeRecord, encodeRecord } from "../../../contracts/log-record.ts";
import { sampleExecution } from "../../../contracts/testing/execution.ts";
import { LogBuffer } from "./buffer.ts";

const ORG = "org_a";

let count = 0;

const aRecord = (more: Partial<ExecutionRecord> = {}): ExecutionRecord =>
  sampleExecution({ id: `exe_${(count += 1)}`, startedAt: 1_000_000, ...more });

const recordsIn = ({ segments }: LogBatch): ExecutionRecord[] =>
  segments.flatMap(({ records }) => (JSON.parse(records) as Partial<ExecutionRecord>[]).map(completeRecord));
const largeBody = { text: "x".repeat(LOG_BODY_BYTES_MAX), encoding: "utf8" as const, truncated: true };

describe("what waits for the log", () => {
  it("is text that the log stores as it is, with the words that find it again", () => {
    const buffer = new LogBuffer();
    const [one, two] = [aRecord(), aRecord({ scriptId: "scr_2", status: 502, outcome: "error", startedAt: 1_000_005 })];
    buffer.addRecord(ORG, one);
    buffer.addRecord(ORG, two);
    buffer.addLines(ORG, one.id, [{ at: 1, level: "log", text: 'a "b" \u0000' }]);
    const [batch] = buffer.take();
    expect(batch).toEqual({
      orgId: ORG,
      segments: [
        {
          firstAt: 1_000_001,
          lastAt: 1_000_006,
          count: 2,
          scripts: " scr_1 scr_2 ",
          results: " ok 200 error 502 ",
          executionIds: ` ${one.id} ${two.id} `,
          records: `[${encodeRecord(one)},${encodeRecord(two)}]`,
        },
      ],
      lines: [JSON.stringify([[one.id, [{ at: 1, level: "log", text: 'a "b" \u0000' }]]])],
      count: 3,
      dropped: 0,
    });
    expect(buffer.size).toBe(0);
    expect(buffer.take()).toEqual([]);
  });

  it("is laid out in segments that are bounded in time and in size", () => {
    const buffer = new LogBuffer();
    buffer.addRecord(ORG, aRecord());
    buffer.addRecord(ORG, aRecord({ startedAt: 1_000_000 + LOG_SEGMENT_SPAN_MS }));
    buffer.addRecord(ORG, aRecord({ startedAt: 1_000_001 + LOG_SEGMENT_SPAN_MS }));
    const later = { request: { headers: {}, body: largeBody }, startedAt: 9_000_000 };
    for (let index = 0; index < 40; index += 1) buffer.addRecord(ORG, aRecord(later));
    const segments = buffer.take()[0]?.segments ?? [];
    expect(segments.slice(0, 2).map((segment) => segment.count)).toEqual([2, 1]);
    expect(segments.length).toBeGreaterThan(3);
    for (const { records } of segments) expect(records.length).toBeLessThan(LOG_ROW_LENGTH_MAX + 20);
  });

  it("is bounded by number and by size, and what is too much is counted", () => {
    const buffer = new LogBuffer();
    for (let index = 0; index < LOG_BUFFER_RECORDS_MAX + 7; index += 1) buffer.addRecord(ORG, aRecord());
    expect(buffer.take()).toMatchObject([{ count: LOG_BUFFER_RECORDS_MAX, dropped: 7 }]);
    const heavy = { request: { headers: {}, body: largeBody } };
    for (let index = 0; index < 1_000; index += 1) buffer.addRecord(ORG, aRecord(heavy));
    const [batch] = buffer.take();
    const length = batch?.segments.reduce((sum, { records }) => sum + records.length, 0) ?? 0;
    expect(length).toBeGreaterThan(LOG_BUFFER_LENGTH_MAX - 50_000);
    expect(length).toBeLessThan(LOG_BUFFER_LENGTH_MAX + 50_000);
    expect((batch?.count ?? 0) + (batch?.dropped ?? 0)).toBe(1_000);
  });

  it("comes back whole when it was not delivered, beside what has come since", () => {
    const buffer = new LogBuffer();
    const [early, late] = [aRecord(), aRecord()];
    buffer.addRecord(ORG, early);
    const failed = buffer.take();
    buffer.addRecord(ORG, late);
    buffer.putBack(failed);
    expect(buffer.size).toBe(2);
    expect(buffer.take().flatMap(recordsIn)).toEqual([early, late]);
  });

  it("is given up by the segment where it comes back and finds no room", () => {
    const buffer = new LogBuffer();
    for (let index = 0; index < 10; index += 1) buffer.addRecord(ORG, aRecord());
    const failed = buffer.take();
    for (let index = 0; index < LOG_BUFFER_RECORDS_MAX - 5; index += 1) buffer.addRecord("org_b", aRecord());
    buffer.putBack(failed);
    const batches = buffer.take();
    expect(batches.map(({ orgId, count, dropped }) => [orgId, count, dropped])).toEqual([
      ["org_b", LOG_BUFFER_RECORDS_MAX - 5, 0],
      [ORG, 0, 10],
    ]);
  });
});

describe("a record that is too long for the store", () => {
  it("loses its bodies first, then its heads, and only then its other texts", () => {
    const buffer = new LogBuffer();
    const hostile = "\u0001".repeat(LOG_BODY_BYTES_MAX);
    const message = (headers: Record<string, string>, text: string) => ({
      headers,
      body: { text, encoding: "utf8" as const, truncated: false },
    });
    const error = { name: "Error", message: "no", stack: "at x\n".repeat(50) };
    buffer.addRecord(ORG, aRecord({ request: message({ a: "b" }, "short"), response: message({}, hostile), error }));
    const heads = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`h${index}`, hostile]));
    buffer.addRecord(ORG, aRecord({ request: message(heads, "short"), error }));
    buffer.addRecord(ORG, aRecord({ error: { ...error, stack: hostile.repeat(10) } }));
    const [bodies, headless, shortened] = buffer.take().flatMap(recordsIn);
    expect(bodies).toMatchObject({ error, request: message({ a: "b" }, "short") });
    expect(bodies?.response?.body).toMatchObject({ truncated: true });
    expect(headless).toMatchObject({ error, request: { headers: {} } });
    expect(shortened?.error?.message).toBe("no");
    expect(shortened?.error?.stack.endsWith("…")).toBe(true);
  });
});
