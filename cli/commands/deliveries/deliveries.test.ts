import { describe, expect, it } from "vitest";

import { newId } from "../../../contracts/ids.ts";
import { AT } from "../../testing/things.ts";
import { page, workplace } from "../../testing/workplace.ts";

const error = { code: "script_error", message: "boom\u001b[2J" };
const history = [{ at: AT, executionId: newId("execution"), durationMs: 1.25, error }];
const trigger = { id: newId("trigger"), name: "orders" };
const aDelivery = {
  id: newId("delivery"),
  trigger,
  kind: "kv" as const,
  state: "waiting" as const,
  attempts: 1,
  at: AT,
  dueAt: AT,
  endedAt: null,
  lastError: error,
  executionId: history[0]?.executionId ?? null,
};
const aLetter = {
  id: newId("deadLetter"),
  deliveryId: aDelivery.id,
  trigger,
  script: { id: newId("script"), name: "mailer" },
  kind: "kv" as const,
  at: AT,
  diedAt: AT,
  attempts: 1,
  error,
  note: "The dead-letter trigger failed, too.",
};
const data = { kind: "kv", key: "a" };

describe("deliveries", () => {
  it("are listed by trigger and state, and shown with their event and attempts", async () => {
    const { isola, plane } = await workplace({
      listDeliveries: () => page([aDelivery]),
      getDelivery: () => ({ ...aDelivery, data, history }),
    });
    const { out } = await isola(["deliveries", "list", "--trigger", "orders", "--state", "waiting"]);
    expect(out).toMatch(/ orders +kv +waiting +1 +2026-\S+ \S+ +dlv_\S+ +script_error: boom\\u001b\[2J$/m);
    expect(plane.seen[0]?.path).toBe("/api/v1/orgs/hello/deliveries?limit=50&trigger=orders&state=waiting");
    const shown = await isola(["deliveries", "get", aDelivery.id]);
    expect(shown.out).toContain('"key": "a"');
    expect(shown.out).toMatch(/^1 +2026-\S+ \S+ +1\.3 +exe_\S+ +script_error: boom\\u001b\[2J$/m);
    expect((await isola(["deliveries", "list", "--state", "late"])).err).toContain("--state must be waiting, held,");
  });
});

describe("dead letters", () => {
  it("are listed, and shown with their event and attempts", async () => {
    const { isola } = await workplace({
      listDeadLetters: () => page([aLetter]),
      getDeadLetter: () => ({ ...aLetter, data, history }),
    });
    expect((await isola(["dead-letters", "list"])).out).toMatch(/ orders +kv +mailer +1 +ded_\S+ +script_error: boom/m);
    const { out } = await isola(["dead-letters", "get", aLetter.id]);
    expect(out).toMatch(/^note +The dead-letter trigger failed, too\.$/m);
    expect(out).toContain('"key": "a"');
  });

  it("are replayed one by one, with another event, or all until none is left", async () => {
    const [deliveryId, messageId] = [newId("delivery"), newId("message")];
    let left = 1_100;
    const { isola, plane } = await workplace({
      replayDeadLetter: ({ body }) =>
        body?.data === undefined ? { deliveryId, messageId: null } : { deliveryId: null, messageId },
      replayDeadLetters: () => {
        const replayed = Math.min(500, left);
        left -= replayed;
        return { replayed, more: left > 0 };
      },
    });
    expect((await isola(["dead-letters", "replay", aLetter.id])).out).toBe(`${deliveryId}\n`);
    expect(await isola(["dead-letters", "replay", aLetter.id, "--data", '{"key":"b"}'])).toEqual({
      code: 0,
      out: `${messageId}\n`,
      err: "The message is in its queue.\n",
    });
    expect(plane.seen.map(({ body }) => body)).toEqual([{}, { data: { key: "b" } }]);
    expect((await isola(["dead-letters", "replay", "--all", "--trigger", "orders"])).out).toBe(
      "1100 are delivered again.\n",
    );
    expect(plane.callsTo("POST /api/v1/orgs/hello/dead-letters/replay").map(({ body }) => body)).toEqual(
      Array.from({ length: 3 }, () => ({ trigger: "orders" })),
    );
  });

  it("are thrown away one by one, or all by who says so", async () => {
    const { isola, plane } = await workplace({
      discardDeadLetter: () => undefined,
      discardDeadLetters: () => ({ discarded: 3 }),
    });
    expect((await isola(["dead-letters", "discard", aLetter.id])).code).toBe(0);
    const all = ["dead-letters", "discard", "--all"];
    expect((await isola(all)).code).toBe(2);
    expect((await isola(all, { answers: ["yes"] })).code).toBe(1);
    expect((await isola(all, { answers: ["all"] })).out).toBe("3 are thrown away.\n");
    await isola([...all, "--trigger", "orders", "--yes"]);
    expect(plane.callsTo("POST /api/v1/orgs/hello/dead-letters/discard").map(({ body }) => body)).toEqual([
      { confirm: "all" },
      { confirm: "all", trigger: "orders" },
    ]);
  });

  it.each([
    [["replay"], "Which one?"],
    [["replay", "ded_1", "--all"], "An id or --all"],
    [["replay", "ded_1", "--trigger", "x"], "--trigger goes with --all"],
    [["replay", "--all", "--data", "1"], "--data goes with one"],
    [["discard"], "Which one?"],
  ])("refuse %j", async (words, message) => {
    const { isola, plane } = await workplace({});
    expect(await isola(["dead-letters", ...words])).toMatchObject({ code: 2, err: expect.stringContaining(message) });
    expect(plane.seen).toEqual([]);
  });
});
