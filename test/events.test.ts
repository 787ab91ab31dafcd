import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Webhook } from "standardwebhooks";

import { reach } from "../cli/session/http.ts";
import { createClient, type Client } from "../contracts/client.ts";
import { EVENT_DEPTH_MAX } from "../contracts/limits.ts";
import { eventually } from "./support/eventually.ts";
import { type Platform, startPlatform } from "./support/platform.ts";

const ORG = "events";
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

const executions = async (script: string, count: number) => {
  const list = () => client.listExecutions({ params, query: { script } });
  return (await eventually(list, ({ items }) => items.length >= count)).items;
};

describe("a write to a collection", () => {
  it("reaches its handler, and a handler that sets itself off ends at the bound", async () => {
    await deploy(
      "loop",
      `import { kv } from "isola";
       const counts = kv.collection("counts");
       export default {
         async fetch() { await counts.set("n", { n: 0 }); return new Response("begun"); },
         async event({ next, depth }) { console.log(depth, next.n); await counts.set("n", { n: next.n + 1 }); },
       }`,
    );
    await client.createRoute({ params, body: { script: "loop", path: "/loop" } });
    const source = { kind: "kv" as const, collection: "counts" };
    await client.createTrigger({ params, body: { name: "on-count", script: "loop", source } });
    expect((await platform.fetch(HOST, "/loop")).text).toBe("begun");

    const runs = await executions("loop", EVENT_DEPTH_MAX + 2);
    const handled = runs.filter(({ trigger }) => trigger === "kv");
    const lines = handled.flatMap(({ lines }) => lines.map(({ text }) => text));
    expect(lines.sort()).toEqual(Array.from({ length: EVENT_DEPTH_MAX }, (_, index) => `${index + 1} ${index}`));
    const refused = handled.filter(({ outcome }) => outcome === "refused");
    expect(refused).toMatchObject([{ deliveryId: expect.stringMatching(/^dlv_/), attempt: 1, status: 507 }]);
    const letters = await client.listDeadLetters({ params, query: {} });
    expect(letters.items).toEqual([]);
  });

  it("whose handler failed can be handled again from its record", async () => {
    await deploy(
      "fragile",
      `import { kv } from "isola";
       export default { async event({ id, next }) {
         if ((await kv.collection("switch").get("on")) === undefined) throw new Error("not yet");
         await kv.collection("handled").set("last", { id, next });
       } }`,
    );
    const source = { kind: "kv" as const, collection: "orders" };
    const retry = { maxAttempts: 1 };
    await client.createTrigger({ params, body: { name: "on-order", script: "fragile", source, retry } });
    await client.putKv({ params: { ...params, collection: "orders", key: "o1" }, body: { value: { total: 7 } } });
    const [failed] = await executions("fragile", 1);
    expect(failed).toMatchObject({ trigger: "kv", outcome: "error", error: { message: "not yet" } });

    await client.putKv({ params: { ...params, collection: "switch", key: "on" }, body: { value: true } });
    const again = await client.replayExecution({ params: { ...params, id: failed?.id ?? "" }, body: {} });
    expect(again).toMatchObject({ status: 200, error: null });
    const { value } = await client.getKv({ params: { ...params, collection: "handled", key: "last" } });
    expect(value).toMatchObject({ next: { total: 7 }, id: expect.stringMatching(/^dlv_/) });
    expect((value as { id: string }).id).not.toBe(failed?.deliveryId);
  });
});

describe("a run that nobody waits for", () => {
  it("is accepted at once, and its answer is there by its id", async () => {
    await deploy(
      "slow",
      `export default async (request) => { await scheduler.wait(300); return { got: await request.text() }; }`,
    );
    const headers = { prefer: "respond-async" };
    const accepted = await platform.fetch(HOST, "/.isola/v1/execute/slow", { method: "POST", headers, body: "b" });
    expect(accepted.status).toBe(202);
    const { url, executionId } = JSON.parse(accepted.text) as { url: string; executionId: string };
    const { pathname } = new URL(url);
    const end = await eventually(
      () => platform.fetch(HOST, pathname),
      ({ status }) => status === 200,
    );
    expect(JSON.parse(end.text)).toMatchObject({ executionId, state: "done", status: 200, body: '{"got":"b"}' });
    const runs = await executions("slow", 1);
    expect(runs).toMatchObject([{ id: executionId, trigger: "execute", outcome: "ok" }]);
  });

  it("is begun by a route that says so, and by a script that invokes another one", async () => {
    await deploy(
      "asker",
      `import { invoke } from "isola"; export default () => invoke("slow", "from asker", { wait: false })`,
    );
    await client.createRoute({ params, body: { script: "asker", path: "/ask", dispatch: "async" } });
    const accepted = await platform.fetch(HOST, "/ask");
    expect(accepted.status).toBe(202);
    const { executionId } = JSON.parse(accepted.text) as { executionId: string };
    const ended = async (id: string) => {
      const { text } = await eventually(
        () => platform.fetch(HOST, `/.isola/v1/executions/${id}`),
        ({ status }) => status === 200,
      );
      return JSON.parse(text) as { state: string; body: string };
    };
    const asker = await ended(executionId);
    const invoked = JSON.parse(asker.body) as { executionId: string };
    expect(await ended(invoked.executionId)).toMatchObject({ state: "done", body: '{"got":"\\"from asker\\""}' });
  });
});

describe("a webhook", () => {
  it("that is signed is handled once; any other is turned away", async () => {
    await deploy(
      "hook",
      `import { kv } from "isola";
       export default { async event({ messageId, body }) { await kv.collection("hooks").set(messageId, body); } }`,
    );
    const trigger = await client.createTrigger({
      params,
      body: { name: "on-hook", script: "hook", source: { kind: "webhook" } },
    });
    const { pathname } = new URL(trigger.url ?? "");
    const body = JSON.stringify({ type: "paid" });
    const send = (id: string, signed: string) => {
      const at = new Date();
      const signature = new Webhook(trigger.secret ?? "").sign(id, at, signed);
      const timestamp = String(Math.floor(at.getTime() / 1_000));
      const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature };
      return platform.fetch(HOST, pathname, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body,
      });
    };
    expect((await send("msg_1", body)).status).toBe(202);
    expect((await send("msg_1", body)).status).toBe(200);
    expect((await send("msg_2", "something else")).status).toBe(401);
    const kept = await eventually(
      () => client.listKv({ params: { ...params, collection: "hooks" }, query: { values: "true" } }),
      ({ items }) => items.length > 0,
    );
    expect(kept.items).toMatchObject([{ key: "msg_1", value: { type: "paid" } }]);
    expect(await executions("hook", 1)).toHaveLength(1);
  });
});
