import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, onTestFinished } from "vitest";

import type { ExecutionFilter, TailEvent } from "../../contracts/doors.ts";
import { newId } from "../../contracts/ids.ts";
import {
  TAIL_LIFE_MS,
  TAIL_QUEUE_BYTES_MAX,
  TAIL_RECORDS_PER_APPEND_MAX,
  TAILS_PER_ORG_MAX,
} from "../../contracts/limits.ts";
import { logStub } from "../stubs.ts";
import { anyExecution, door, execution, logBatch, refusalOf, testEnv } from "../testing/harness.ts";
import { Tails } from "./tails.ts";

const NOW = Date.now();
const line = (text: string) => ({ at: NOW, level: "log" as const, text });

/** A tail through the door, read event by event; pings are left out. */
async function follow(orgId: string, filter: Partial<ExecutionFilter> = {}) {
  const stream = await door.tailExecutions(orgId, { ...anyExecution, ...filter });
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  onTestFinished(() => reader.cancel());
  const events: TailEvent[] = [];
  let rest = "";
  const next = async (): Promise<TailEvent> => {
    for (;;) {
      const event = events.shift();
      if (event !== undefined) return event;
      const { done, value } = await reader.read();
      if (done) throw new Error("the tail has ended");
      const texts = (rest + value).split("\n");
      rest = texts.pop() ?? "";
      events.push(...texts.map((text) => JSON.parse(text) as TailEvent).filter(({ type }) => type !== "ping"));
    }
  };
  return { next, cancel: () => reader.cancel() };
}

describe("a live tail", () => {
  it("tells each execution as it comes, with the lines that are there", async () => {
    const orgId = newId("org");
    const [one, two] = [execution(NOW), execution(NOW + 1)];
    await door.appendLog(
      [logBatch(orgId, [execution(NOW - 1)], [{ executionId: one.id, lines: [line("early")] }])],
      [],
    );
    const tail = await follow(orgId);
    await door.appendLog([logBatch(orgId, [one, two], [{ executionId: one.id, lines: [line("hello")] }])], []);
    expect(await tail.next()).toEqual({
      type: "execution",
      execution: { ...one, lines: [line("early"), line("hello")] },
    });
    expect(await tail.next()).toEqual({ type: "execution", execution: { ...two, lines: [] } });
  });

  it("tells lines that come after their record as an event of their own", async () => {
    const orgId = newId("org");
    const record = execution(NOW);
    const tail = await follow(orgId);
    await door.appendLog([logBatch(orgId, [record])], []);
    await door.appendLog([logBatch(orgId, [], [{ executionId: record.id, lines: [line("late")] }])], []);
    expect((await tail.next()).type).toBe("execution");
    expect(await tail.next()).toEqual({
      type: "lines",
      executionId: record.id,
      versionId: record.versionId,
      lines: [line("late")],
    });
  });

  it("tells what a delivery brings twice once", async () => {
    const orgId = newId("org");
    const tail = await follow(orgId);
    const [one, two] = [execution(NOW), execution(NOW)];
    const batch = logBatch(orgId, [one]);
    await door.appendLog([batch], []);
    await door.appendLog([batch], []);
    await door.appendLog([logBatch(orgId, [two])], []);
    expect(await tail.next()).toMatchObject({ execution: { id: one.id } });
    expect(await tail.next()).toMatchObject({ execution: { id: two.id } });
  });

  it("tells only what its filter lets through, late lines included", async () => {
    const orgId = newId("org");
    const [ok, failed, other] = [
      execution(NOW),
      execution(NOW, { status: 503, outcome: "timeout" }),
      execution(NOW, { scriptId: "scr_other" }),
    ];
    const byScript = await follow(orgId, { scriptId: "scr_other" });
    const byStatus = await follow(orgId, { status: "5xx" });
    const byText = await follow(orgId, { text: "NEEDLE" });
    await door.appendLog([logBatch(orgId, [ok, failed, other])], []);
    await door.appendLog([logBatch(orgId, [], [{ executionId: ok.id, lines: [line("a needle")] }])], []);
    expect(await byScript.next()).toMatchObject({ execution: { id: other.id } });
    expect(await byStatus.next()).toMatchObject({ execution: { id: failed.id } });
    expect(await byText.next()).toEqual({ type: "execution", execution: { ...ok, lines: [line("a needle")] } });
  });

  it("belongs to one org", async () => {
    const [one, two] = [newId("org"), newId("org")];
    const tail = await follow(one);
    const mine = execution(NOW);
    await door.appendLog([logBatch(two, [execution(NOW)]), logBatch(one, [mine])], []);
    expect(await tail.next()).toMatchObject({ execution: { id: mine.id } });
  });

  it("leaves nothing behind in an org without a log", async () => {
    const orgId = newId("org");
    await (await follow(orgId)).cancel();
    const tables = await runInDurableObject(logStub(testEnv, orgId), (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'segments'").toArray(),
    );
    expect(tables).toEqual([]);
  });

  it("is refused when there are too many, and possible again when one has gone", async () => {
    const orgId = newId("org");
    const tails = [];
    for (let index = 0; index < TAILS_PER_ORG_MAX; index += 1) tails.push(await follow(orgId));
    const refusal = await refusalOf(door.tailExecutions(orgId, anyExecution));
    expect(refusal.code).toBe("too_many_requests");
    await tails[0]?.cancel();
    await follow(orgId);
  });

  it("ends with its org", async () => {
    const orgId = newId("org");
    const tail = await follow(orgId);
    await logStub(testEnv, orgId).erase();
    await expect(tail.next()).rejects.toThrow("the tail has ended");
  });
});

describe("a reader that is slow", () => {
  /** Reads what waits in a stream as events. */
  async function readAll(stream: ReadableStream<Uint8Array>, until: (events: TailEvent[]) => boolean) {
    const events: TailEvent[] = [];
    let text = "";
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      events.splice(0, events.length);
      for (const each of text.split("\n").slice(0, -1)) events.push(JSON.parse(each) as TailEvent);
      if (until(events)) return events;
    }
    return events;
  }

  it("holds a bounded amount, and is told how much it missed", async () => {
    const tails = new Tails();
    const stream = await tails.open(anyExecution, NOW);
    const path = `/${"x".repeat(10_000)}`;
    const sent = 300;
    for (let index = 0; index < sent; index += 1) {
      tails.tell(logBatch("org", [execution(NOW, { path })]), () => []);
    }
    const reading = readAll(stream, (seen) => seen.at(-1)?.type === "missed");
    await scheduler.wait(50);
    tails.pulse(NOW);
    const events = await reading;
    const told = events.filter(({ type }) => type === "execution").length;
    const missed = events.flatMap((event) => (event.type === "missed" ? [event.count] : []));
    expect(told).toBeLessThanOrEqual(TAIL_QUEUE_BYTES_MAX / path.length);
    expect(told).toBeGreaterThan(50);
    expect(missed).toEqual([sent - told]);
    tails.end();
  });

  it("is not told more of one delivery than the log can look at", async () => {
    const tails = new Tails();
    const stream = await tails.open({ ...anyExecution, status: "404" }, NOW);
    const records = Array.from({ length: TAIL_RECORDS_PER_APPEND_MAX + 9 }, () => execution(NOW));
    tails.tell(logBatch("org", records), () => []);
    tails.tell(logBatch("org", [execution(NOW, { status: 404 })]), () => []);
    const events = await readAll(stream, (seen) => seen.at(-1)?.type === "execution");
    expect(events.map(({ type }) => type)).toEqual(["ping", "missed", "execution"]);
    expect(events[1]).toEqual({ type: "missed", count: 9 });
    tails.end();
  });

  it("is let go when its time is over", async () => {
    const tails = new Tails();
    const stream = await tails.open(anyExecution, NOW);
    tails.pulse(NOW + TAIL_LIFE_MS);
    expect((await readAll(stream, () => false)).map(({ type }) => type)).toEqual(["ping"]);
  });
});
