import { describe, expect, it } from "vitest";

import { newId } from "../../../contracts/ids.ts";
import { page, workplace } from "../../testing/workplace.ts";

describe("queues", () => {
  it("are listed with who takes from them", async () => {
    const queue = { ready: 1, delayed: 2, inFlight: 3 };
    const consumer = { id: newId("trigger"), name: "taker" };
    const { isola } = await workplace({
      listQueues: () =>
        page([
          { name: "jobs", ...queue, consumer },
          { name: "idle", ...queue, consumer: null },
        ]),
    });
    const { out } = await isola(["queues", "list"]);
    expect(out).toMatch(/^jobs +1 +2 +3 +taker$/m);
    expect(out).toMatch(/^idle +1 +2 +3 +nobody$/m);
  });

  it("take a message, now or later", async () => {
    const { isola, plane } = await workplace({ sendToQueue: () => ({ ids: ["msg_1"] }) });
    expect((await isola(["queues", "send", "jobs", '{"a":1}', "--delay", "10m"])).out).toBe("msg_1\n");
    await isola(["queues", "send", "jobs", "plain", "--text"]);
    expect(plane.seen.map(({ body }) => body)).toEqual([
      { messages: [{ value: { a: 1 }, delaySeconds: 600 }] },
      { messages: [{ value: "plain", delaySeconds: 0 }] },
    ]);
    expect((await isola(["queues", "send", "jobs", "plain"])).err).toContain("The message plain is not JSON");
  });

  it("are purged only by who says so", async () => {
    const { isola, plane } = await workplace({ purgeQueue: () => ({ purged: 7 }) });
    expect((await isola(["queues", "purge", "jobs"])).code).toBe(2);
    expect((await isola(["queues", "purge", "jobs"], { answers: ["no"] })).code).toBe(1);
    expect(plane.seen).toEqual([]);
    expect((await isola(["queues", "purge", "jobs", "--yes"])).out).toBe("7 messages of jobs are thrown away.\n");
    expect(plane.seen[0]?.body).toEqual({ confirm: "jobs" });
  });
});

describe("topics", () => {
  it("are told", async () => {
    const { isola, plane } = await workplace({ publishToTopic: () => ({ id: "msg_1", subscribers: 2 }) });
    const { out, err } = await isola(["topics", "publish", "news", '{"a":1}']);
    expect([out, err]).toEqual(["msg_1\n", "2 subscribers are told.\n"]);
    expect(plane.seen[0]?.body).toEqual({ value: { a: 1 } });
  });
});
