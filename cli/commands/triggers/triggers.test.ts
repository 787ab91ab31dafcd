import { describe, expect, it } from "vitest";

import { newId } from "../../../contracts/ids.ts";
import type { Answers } from "../../testing/control-plane.ts";
import { AT, aTrigger } from "../../testing/things.ts";
import { page, workplace } from "../../testing/workplace.ts";

const echo: Answers = {
  createTrigger: ({ body }) => ({ ...aTrigger(body.name, { kind: "pubsub", topic: "t" }), secret: null }),
};

describe("triggers create", () => {
  it.each([
    [
      ["--kv", "c", "--prefix", "a/", "--operation", "set,delete"],
      { kind: "kv", collection: "c", prefix: "a/", operations: ["set", "delete"] },
    ],
    [["--docs", "c", "--filter", '{"a":1}'], { kind: "docs", collection: "c", filter: { a: 1 } }],
    [
      ["--cron", "0 3 * * *", "--time-zone", "Europe/Paris", "--jitter", "1m"],
      { kind: "cron", schedule: "0 3 * * *", timeZone: "Europe/Paris", jitterMs: 60_000 },
    ],
    [
      ["--queue", "jobs", "--batch-size", "20", "--batch-wait", "2s"],
      { kind: "queue", queue: "jobs", batchSize: 20, batchWaitMs: 2_000 },
    ],
    [["--topic", "news"], { kind: "pubsub", topic: "news" }],
    [["--webhook", "--tolerance", "10m"], { kind: "webhook", toleranceS: 600 }],
    [["--dead-letters", "all"], { kind: "dead_letter", of: null }],
    [["--dead-letters", "jobs"], { kind: "dead_letter", of: "jobs" }],
  ])("takes %j", async (words, source) => {
    const { isola, plane } = await workplace(echo);
    const { code, err } = await isola(["triggers", "create", "t", "--script", "worker", ...words]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(plane.seen[0]?.body).toEqual({ name: "t", script: "worker", source });
  });

  it("takes how failures are tried again, and a pause", async () => {
    const { isola, plane } = await workplace(echo);
    const words =
      "--topic t --retry linear --retry-delay 500ms --retry-max-delay 1m --attempts 3 --max-age 2h --paused";
    await isola(["triggers", "create", "t", "--script", "worker", ...words.split(" ")]);
    expect(plane.seen[0]?.body).toMatchObject({
      state: "paused",
      retry: { policy: "linear", delayMs: 500, maxDelayMs: 60_000, maxAttempts: 3, maxAgeMs: 7_200_000 },
    });
  });

  it.each([
    [[], "What sets it off?"],
    [["--kv", "a", "--cron", "* * * * *"], "A trigger has one source"],
    [["--kv", "a", "--time-zone", "UTC"], "--time-zone is for cron, not for kv."],
    [["--topic", "a", "--operation", "set"], "--operation is for kv and docs, not for pubsub."],
    [["--kv", "a", "--operation", "insert"], "The source is not valid"],
    [["--docs", "a", "--filter", "x"], "The filter x is not JSON"],
    [["--topic", "a", "--retry", "sometimes"], "--retry must be constant, linear, exponential"],
    [["--topic", "a", "--max-age", "long"], "--max-age must be a time"],
  ])("refuses %j before anything is sent", async (words, message) => {
    const { isola, plane } = await workplace(echo);
    const { code, err } = await isola(["triggers", "create", "t", "--script", "worker", ...words]);
    expect([code > 0, err]).toEqual([true, expect.stringContaining(message)]);
    expect(plane.seen).toEqual([]);
  });

  it("shows a webhook's URL, and its secret this once", async () => {
    const url = "http://hello.localhost:8787/.isola/v1/webhooks/trg_1";
    const { isola } = await workplace({
      createTrigger: () => ({ ...aTrigger("pay", { kind: "webhook" }), url, secret: "whsec_abc" }),
      rotateTriggerSecret: () => ({ secret: "whsec_def" }),
    });
    const { out, err } = await isola(["triggers", "create", "pay", "--script", "worker", "--webhook"]);
    expect(out).toMatch(/^url +http:\/\/hello\.localhost:8787\/\.isola\/v1\/webhooks\/trg_1$/m);
    expect(out).toMatch(/^secret +whsec_abc$/m);
    expect(err).toContain("not shown again");
    expect((await isola(["triggers", "rotate-secret", "pay"])).out).toBe("whsec_def\n");
  });
});

describe("triggers update", () => {
  const before = aTrigger("jobs", { kind: "queue", queue: "jobs", batchSize: 5, batchWaitMs: 100 });
  const answers: Answers = { getTrigger: () => before, patchTrigger: () => before };

  it.each([
    [["--batch-size", "50"], { source: { kind: "queue", queue: "jobs", batchSize: 50, batchWaitMs: 100 } }],
    [["--queue", "others"], { source: { kind: "queue", queue: "others", batchSize: 5, batchWaitMs: 100 } }],
    [["--topic", "news"], { source: { kind: "pubsub", topic: "news" } }],
    [["--attempts", "2"], { retry: { maxAttempts: 2 } }],
    [["--script", "other"], { script: "other" }],
  ])("with %j leaves the rest as it is", async (words, body) => {
    const { isola, plane } = await workplace(answers);
    expect(await isola(["triggers", "update", "jobs", ...words])).toMatchObject({ code: 0, err: "" });
    expect(plane.callsTo("PATCH /api/v1/orgs/hello/triggers/jobs").map((call) => call.body)).toEqual([body]);
  });

  it("refuses what changes nothing, or belongs to another kind", async () => {
    const { isola, plane } = await workplace(answers);
    expect((await isola(["triggers", "update", "jobs"])).err).toContain("Nothing to change");
    expect((await isola(["triggers", "update", "jobs", "--prefix", "a"])).err).toContain("--prefix is for kv");
    expect(plane.callsTo("PATCH /api/v1/orgs/hello/triggers/jobs")).toEqual([]);
  });
});

describe("triggers", () => {
  it("are listed and shown with what waits", async () => {
    const cron = aTrigger("nightly", { kind: "cron", schedule: "0 3 * * *", timeZone: "UTC", jitterMs: 0 });
    const trigger = { ...cron, backlog: { waiting: 1, held: 2, dead: 3 }, nextAt: AT };
    const docs = aTrigger("open", { kind: "docs", collection: "orders", operations: ["insert"], filter: { a: 1 } });
    const { isola } = await workplace({ listTriggers: () => page([trigger, docs]), getTrigger: () => trigger });
    const { out } = await isola(["triggers", "list"]);
    expect(out).toMatch(/^nightly +cron +0 3 \* \* \* UTC +worker +active +1 +2 +3 +2026-/m);
    expect(out).toMatch(/^open +docs +orders insert \{"a":1\} +worker +active +0 +0 +0 +-$/m);
    expect((await isola(["triggers", "get", "nightly"])).out).toMatch(/^waiting +1, 2 held, 3 dead\nnext +2026-/m);
  });

  it.each(["pause", "resume", "enable", "disable"])("%s", async (verb) => {
    const trigger = aTrigger("news", { kind: "pubsub", topic: "news" });
    const change = () => trigger;
    const { isola, plane } = await workplace({
      pauseTrigger: change,
      resumeTrigger: change,
      enableTrigger: change,
      disableTrigger: change,
    });
    expect((await isola(["triggers", verb, "news"])).out).toMatch(/^news is /);
    expect(plane.seen.map(({ path }) => path)).toEqual([`/api/v1/orgs/hello/triggers/news/${verb}`]);
  });

  it("are fired with data of one's own, or an example", async () => {
    const deliveryId = newId("delivery");
    const { isola, plane } = await workplace({ fireTrigger: () => ({ deliveryId, messageId: null }) });
    const { out, err } = await isola(["triggers", "fire", "news", "--data", '{"value":1}']);
    expect(out).toBe(`${deliveryId}\n`);
    expect(err).toContain(`isola deliveries get ${deliveryId}`);
    await isola(["triggers", "fire", "news"]);
    expect(plane.seen.map(({ body }) => body)).toEqual([{ data: { value: 1 } }, {}]);
  });

  it("say when they are due, and were", async () => {
    const run = { scheduledAt: AT, startedAt: AT, state: "dead" as const, executionId: newId("execution") };
    const { isola, plane } = await workplace({
      previewTrigger: () => ({ times: ["2026-11-22T03:00:00.000Z"] }),
      listTriggerHistory: () => page([{ ...run, error: { code: "script_error", message: "boom" } }]),
    });
    const words = ["triggers", "preview", "0 3 * * *", "--time-zone", "Asia/Tokyo", "--count", "1"];
    expect((await isola(words)).out).toMatch(/^2026-11-22T03:00:00\.000Z +2026-11-22 /m);
    expect(plane.seen[0]?.body).toEqual({ schedule: "0 3 * * *", timeZone: "Asia/Tokyo", count: 1 });
    expect((await isola(["triggers", "history", "nightly"])).out).toMatch(/ dead +exe_\S+ +script_error: boom$/m);
  });

  it("lose what waits only by who says so", async () => {
    const trigger = aTrigger("news", { kind: "pubsub", topic: "news" });
    const { isola, plane } = await workplace({
      getTrigger: () => trigger,
      discardTrigger: ({ body }) => ({ discarded: body.confirm === "news" ? 4 : 0 }),
      deleteTrigger: () => undefined,
    });
    const words = ["triggers", "discard", trigger.id];
    expect((await isola(words)).code).toBe(2);
    expect((await isola(words, { answers: ["yes"] })).code).toBe(1);
    expect(plane.callsTo(`POST /api/v1/orgs/hello/triggers/${trigger.id}/discard`)).toEqual([]);
    expect((await isola(words, { answers: ["news"] })).out).toBe("4 events of news are thrown away.\n");
    expect((await isola([...words, "--yes"])).code).toBe(0);
    expect((await isola(["triggers", "delete", "news"])).out).toContain("news is deleted");
  });
});
