import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { reach } from "../cli/session/http.ts";
import { createClient, type Client } from "../contracts/client.ts";
import { eventually } from "./support/eventually.ts";
import { type Platform, startPlatform } from "./support/platform.ts";

const ORG = "clock-and-queues";
const HOST = `${ORG}.localhost`;

const params = { slug: ORG };
let platform: Platform;
let client: Client;

beforeAll(async () => {
  platform = await startPlatform();
  const url = `http://app.localhost:${platform.port}`;
  client = createClient({ url, token: await platform.token(), fetch: reach });
  await client.createOrg({ body: params });
});

afterAll(() => platform?.dispose());

const deploy = (name: string, source: string) => client.createScript({ params, body: { name, source } });

const executions = async (script: string, right: (count: number) => boolean) => {
  const list = () => client.listExecutions({ params, query: { script } });
  return (await eventually(list, ({ items }) => right(items.length))).items;
};

describe("a queue", () => {
  it("takes messages from a script and from the API, has them handled in batches, and asks again as it is told", async () => {
    await deploy(
      "worker",
      `import { queue } from "isola";
       export default {
         async fetch() { await queue("jobs").sendBatch([{ value: "a" }, { value: "b" }]); return new Response("sent"); },
         queue(batch) {
           for (const message of batch.messages) {
             console.log(message.body, message.attempts);
             if (message.body === "b" && message.attempts === 1) message.retry(); else message.ack();
           }
         },
       }`,
    );
    await client.createRoute({ params, body: { script: "worker", path: "/send" } });
    expect((await platform.fetch(HOST, "/send")).text).toBe("sent");
    const jobs = { params: { ...params, queue: "jobs" } };
    await client.sendToQueue({ ...jobs, body: { messages: [{ value: "c" }] } });
    const { items } = await client.listQueues({ params });
    expect(items).toMatchObject([{ name: "jobs", ready: 3, inFlight: 0, consumer: null }]);

    const source = { kind: "queue" as const, queue: "jobs" };
    const retry = { policy: "constant" as const, delayMs: 50 };
    await client.createTrigger({ params, body: { name: "on-job", script: "worker", source, retry } });
    const handled = async () => {
      const runs = (await client.listExecutions({ params, query: { script: "worker" } })).items;
      return runs
        .filter(({ trigger }) => trigger === "queue")
        .toReversed()
        .map(({ lines }) => lines.map(({ text }) => text));
    };
    expect(await eventually(handled, (runs) => runs.length === 2)).toEqual([["a 1", "b 1", "c 1"], ["b 2"]]);
    const emptied = await eventually(
      () => client.listQueues({ params }),
      (queues) => queues.items[0]?.inFlight === 0,
    );
    expect(emptied.items).toMatchObject([{ ready: 0, delayed: 0, inFlight: 0, consumer: { name: "on-job" } }]);
    expect((await client.listDeadLetters({ params, query: {} })).items).toEqual([]);
  });

  it("has one consumer", async () => {
    const body = { name: "second", script: "worker", source: { kind: "queue" as const, queue: "jobs" } };
    await expect(client.createTrigger({ params, body })).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("a schedule", () => {
  it("runs its script when it is due, rests while it is disabled, and tells what became of each run", async () => {
    await deploy("clock", `export default { scheduled(controller) { console.log(controller.cron); } }`);
    const source = { kind: "cron" as const, schedule: "* * * * * *" };
    await client.createTrigger({ params, body: { name: "tick", script: "clock", source } });
    const runs = await executions("clock", (count) => count >= 2);
    expect(runs.at(-1)).toMatchObject({ trigger: "cron", outcome: "ok", lines: [{ text: "* * * * * *" }] });
    const tick = { params: { ...params, trigger: "tick" } };
    await client.disableTrigger(tick);
    const before = (await client.listTriggerHistory({ ...tick, query: {} })).items;
    const times = before.map(({ scheduledAt }) => scheduledAt);
    expect(times.every((at) => at % 1_000 === 0)).toBe(true);
    expect(new Set(times).size).toBe(times.length);
    await new Promise((done) => setTimeout(done, 2_000));
    expect((await client.listTriggerHistory({ ...tick, query: {} })).items).toHaveLength(before.length);
  });

  it("is refused where it cannot be read or is never due, and shown in advance where it is", async () => {
    const preview = (schedule: string, timeZone: string) =>
      client.previewTrigger({ params, body: { schedule, timeZone, count: 2 } });
    const { times } = await preview("0 12 * * *", "Europe/Berlin");
    expect(times).toHaveLength(2);
    for (const [schedule, zone] of [
      ["0 0 31 2 *", "UTC"],
      ["61 * * * *", "UTC"],
      ["* * * * *", "Mars/Olympus"],
    ] as const) {
      await expect(preview(schedule, zone)).rejects.toMatchObject({ code: "invalid" });
    }
    const source = { kind: "cron" as const, schedule: "0 0 31 2 *" };
    const made = client.createTrigger({ params, body: { name: "never", script: "clock", source } });
    await expect(made).rejects.toMatchObject({ code: "invalid" });
  });
});
