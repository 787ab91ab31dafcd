import { env } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";

import type { ExecutionRecord, LogBatch, LogLine, RunLines } from "../../../contracts/execution.ts";
import { completeRecord } from "../../../contracts/log-record.ts";
import type { RouterEnv } from "../env.ts";
import { deliverLog } from "./delivery.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

const routerEnv = env as unknown as RouterEnv;

/** What the log will read out of a batch. */
const recordsOf = (batch: LogBatch): ExecutionRecord[] =>
  batch.segments.flatMap(({ records }) => (JSON.parse(records) as Partial<ExecutionRecord>[]).map(completeRecord));
const runLinesOf = (batch: LogBatch): RunLines[] =>
  batch.lines.flatMap((text) =>
    (JSON.parse(text) as [string, LogLine[]][]).map(([executionId, lines]) => ({ executionId, lines })),
  );

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
});

describe("the log", () => {
  const delivered = async () => {
    // Lines come from the isolate after the response.
    await scheduler.wait(50);
    await deliverLog(routerEnv.STATE);
    const batches = (await authority.takeLog()).filter((batch) => batch.orgId === tenant.orgId);
    return { records: batches.flatMap(recordsOf), lines: batches.flatMap(runLinesOf) };
  };

  it("gets a record of each run, under the execution id that the script saw", async () => {
    const script = await tenant.deploy(`export default (request, ctx) => ctx.executionId`);
    const id = await (await tenant.fetch("/x?y=1", { method: "POST" })).json();
    const { records } = await delivered();
    expect(records).toEqual([
      {
        id,
        scriptId: script.id,
        scriptName: "main",
        versionId: script.versionId,
        versionNumber: 1,
        trigger: "http",
        method: "POST",
        path: "/x?y=1",
        status: 200,
        outcome: "ok",
        startedAt: expect.any(Number),
        durationMs: expect.any(Number),
        error: null,
        cpuMs: null,
        brokenLimit: null,
        depth: 0,
        parentId: null,
        replayOf: null,
        deliveryId: null,
        attempt: null,
        request: { headers: {}, body: null },
        response: { headers: { "content-type": "application/json" }, body: null },
      },
    ]);
  });

  it("gets the console lines with their levels, in the run that printed them", async () => {
    await tenant.deploy(`console.log("loading"); export default async (request, ctx) => {
      const name = new URL(request.url).pathname;
      console.info("begin", name, { a: 1n }, new Map([[1, 2]]), undefined);
      await scheduler.wait(10);
      console.error("end", name);
      return ctx.executionId; }`);
    const [one, two] = await Promise.all(["/one", "/two"].map(async (path) => (await tenant.get(path)).json<string>()));
    const { lines } = await delivered();
    const of = (id: string | undefined) =>
      lines
        .filter((each) => each.executionId === id)
        .flatMap((each) => each.lines.map((line) => `${line.level} ${line.text}`));
    expect([...of(one), ...of(two)].filter((line) => line === "log loading")).toHaveLength(1);
    expect(of(one).filter((line) => line !== "log loading")).toEqual([
      `info begin /one {"a":"1n"} {"Map":[[1,2]]} undefined`,
      "error end /one",
    ]);
    expect(of(two)).toContain("error end /two");
  });

  it("gets lines printed after the response", async () => {
    await tenant.deploy(`export default { fetch(request, env, ctx) {
      ctx.waitUntil(scheduler.wait(20).then(() => console.log("late")));
      return new Response("early"); } }`);
    await (await tenant.get("/")).text();
    await scheduler.wait(250);
    const { lines } = await delivered();
    expect(lines.flatMap((each) => each.lines.map((line) => line.text))).toEqual(["late"]);
  });

  it("gets lines printed by stream and socket callbacks, under the run they came from", async () => {
    await tenant.deploy(`export default { fetch(request, env, ctx) {
      if (request.headers.get("upgrade") !== "websocket") {
        let pulls = 0;
        return new Response(new ReadableStream({ pull(controller) {
          console.log("pull", ++pulls);
          if (pulls > 1) controller.close(); else controller.enqueue(new TextEncoder().encode("x"));
        } }));
      }
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      server.addEventListener("message", (event) => { console.log("message", event.data); server.send("got it"); });
      return new Response(null, { status: 101, webSocket: client }); } }`);
    await (await tenant.get("/")).text();
    const { webSocket } = await tenant.fetch("/", { headers: { upgrade: "websocket" } });
    if (webSocket === null) throw new Error("no socket");
    webSocket.accept();
    const answered = new Promise((done) => webSocket.addEventListener("message", done));
    webSocket.send("hello");
    await answered;
    await scheduler.wait(250);
    const { records, lines } = await delivered();
    const texts = records.map((record) =>
      lines.filter((each) => each.executionId === record.id).flatMap((each) => each.lines.map((line) => line.text)),
    );
    expect(texts).toEqual([["pull 1", "pull 2"], ["message hello"]]);
    webSocket.close();
  });

  it("gets the error with its stack in the script's own lines, and what was printed before", async () => {
    await tenant.deploy({
      "app.js": `export default () => {\n  console.log("before");\n  throw new RangeError("too far");\n}`,
    });
    await tenant.get("/");
    const { records, lines } = await delivered();
    expect(records[0]).toMatchObject({
      status: 502,
      outcome: "error",
      error: { name: "RangeError", message: "too far" },
    });
    expect(records[0]?.error?.stack).toContain("app.js:3:9");
    expect(lines[0]?.lines[0]?.text).toBe("before");
  });

  it("says where a script failed that throws while it loads", async () => {
    await tenant.deploy({ "app.js": `\nthrow new Error("at load");\nexport default 1` });
    await tenant.get("/");
    const { records } = await delivered();
    expect(records[0]).toMatchObject({ status: 502, outcome: "error" });
    expect(`${records[0]?.error?.message} ${records[0]?.error?.stack}`).toContain("at load");
  });

  it("bounds the lines of one run", async () => {
    await tenant.deploy(`export default () => { for (let i = 0; i < 5000; i++) console.log("x".repeat(10000)); }`);
    await tenant.get("/");
    const { lines } = await delivered();
    const texts = lines.flatMap((each) => each.lines.map((line) => line.text));
    expect(texts).toHaveLength(201);
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(4_097);
  });

  it("survives a log that is down, and is delivered when it is back", async () => {
    await tenant.deploy(`export default () => 1`);
    await authority.setFailing(["appendLog"]);
    expect((await tenant.get("/")).status).toBe(200);
    expect((await delivered()).records).toEqual([]);
    await authority.setFailing([]);
    expect((await delivered()).records).toHaveLength(1);
  });
});
