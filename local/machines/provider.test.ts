import { request } from "node:http";
import { createServer } from "node:net";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";

import { disposeAll, temporaryFolder, until } from "../testing/platform.ts";
import { startPracticeProvider, type PracticeOptions, type PracticeProvider } from "./provider.ts";
import type { PracticeMachine } from "./resources.ts";

const TOKEN = "a token of the tests";
const TAGS = { platform: "platform1", org: "org_1", machine: "mch_1" };
type Shown = PracticeMachine & { origin: string | null };
const running: PracticeProvider[] = [];

afterEach(async () => {
  for (const provider of running.splice(0)) await provider.stop();
  await disposeAll();
});

async function start(options: Partial<PracticeOptions> = {}) {
  const provider = await startPracticeProvider({ token: TOKEN, stateFile: null, ...options });
  running.push(provider);
  const call = async (method: string, path: string, json?: unknown, token = TOKEN) => {
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const response = await fetch(provider.url + path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...body,
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text === "" ? null : JSON.parse(text) };
  };
  return { provider, call };
}
type Call = Awaited<ReturnType<typeof start>>["call"];

async function make(call: Call, more: object = {}): Promise<Shown> {
  await call("POST", "/v1/groups", { name: "g", tags: TAGS });
  const common = { group: "g", region: "near", tags: TAGS };
  const volume = await call("POST", "/v1/volumes", { ...common, name: "v", sizeGb: 1 });
  const machine = { image: "mock:hello", size: "small", volume: volume.json.id, environment: {}, ...common };
  return (await call("POST", "/v1/machines", { ...machine, name: "m", ...more })).json;
}
const look = async (call: Call, { id }: Shown): Promise<Shown> => (await call("GET", `/v1/machines/${id}`)).json;
async function startMachine(call: Call, machine: Shown, state = "started"): Promise<Shown> {
  await call("POST", `/v1/machines/${machine.id}/start`, { environment: { A: "1" } });
  await until(async () => (await look(call, machine)).state === state);
  return look(call, machine);
}

test("nothing is answered without the token", async () => {
  const { call } = await start();
  for (const path of ["/v1/all?platform=platform1", "/resources", "/faults"]) {
    expect((await call("GET", path, undefined, "another")).status).toBe(401);
  }
});

test("a machine starts, answers, writes its volume, stops and goes", async () => {
  const { call } = await start();
  const machine = await startMachine(call, await make(call));
  const answer = await (await fetch(`${machine.origin}/x?y`, { headers: { "x-isola-secret": "s" } })).json();
  expect(answer).toMatchObject({
    machine: "mch_1",
    variables: ["A"],
    url: "/x?y",
    headers: { "x-isola-secret": "1 characters" },
  });
  expect((await call("GET", `/v1/volumes/${machine.volume}`)).json.writtenAt).toBeTypeOf("number");
  expect((await call("DELETE", `/v1/volumes/${machine.volume}`)).status).toBe(409);
  await call("POST", `/v1/machines/${machine.id}/stop`);
  await until(async () => (await look(call, machine)).state === "stopped");
  await expect(fetch(`${machine.origin}/`)).rejects.toThrow();
  expect((await call("DELETE", `/v1/machines/${machine.id}`)).status).toBe(202);
  await until(async () => (await call("GET", `/v1/machines/${machine.id}`)).status === 404);
  expect((await call("DELETE", `/v1/volumes/${machine.volume}`)).status).toBe(204);
  expect((await call("DELETE", "/v1/groups/g")).status).toBe(204);
  expect((await call("GET", "/v1/all?platform=platform1")).json).toEqual({ groups: [], volumes: [], machines: [] });
});

test("what there is outlives the provider, and a machine comes back on its port where that is free", async () => {
  const stateFile = join(temporaryFolder(), "machines", "practice.json");
  const first = await start({ stateFile });
  const machine = await startMachine(first.call, await make(first.call));
  const left = readFileSync(stateFile, "utf8");
  await first.provider.stop();
  running.pop();
  const second = await start({ stateFile });
  expect((await look(second.call, machine)).origin).toBe(machine.origin);
  await second.provider.stop();
  running.pop();
  // As if both had been killed, and somebody else had the port meanwhile.
  writeFileSync(stateFile, left);
  const taker = createServer();
  await new Promise<void>((done) =>
    taker.listen(Number(new URL(machine.origin ?? "").port), "127.0.0.1", () => done()),
  );
  const third = await start({ stateFile });
  const moved = await look(third.call, machine);
  taker.close();
  expect(moved.origin).not.toBe(machine.origin);
  expect((await fetch(`${moved.origin}/`)).status).toBe(200);
  await third.provider.stop();
  running.pop();
  writeFileSync(stateFile, "{");
  await expect(start({ stateFile })).rejects.toThrow("is damaged");
});

test("the program in it streams, echoes, sends much, and answers as it is told", async () => {
  const { call } = await start();
  const { origin } = await startMachine(call, await make(call));
  expect(await (await fetch(`${origin}/stream?chunks=3&ms=1`)).text()).toBe("0\n1\n2\n");
  expect((await (await fetch(`${origin}/big?bytes=3000000`)).arrayBuffer()).byteLength).toBe(3_000_000);
  expect((await fetch(`${origin}/status/418`)).status).toBe(418);
  expect(await (await fetch(`${origin}/echo`, { method: "POST", body: "there and back" })).text()).toBe(
    "there and back",
  );
  const socket = new WebSocket(`${origin}/ws`);
  await new Promise((done) => socket.once("open", done));
  const back = new Promise((done) => socket.once("message", (data: Buffer) => done(data.toString())));
  socket.send("hello");
  expect(await back).toBe("hello");
  socket.close();
});

test("one that is told to end is failed, with its last lines", async () => {
  const { call } = await start();
  const machine = await startMachine(call, await make(call));
  await fetch(`${machine.origin}/exit?code=3`);
  await until(async () => (await look(call, machine)).state === "failed");
  const { items } = (await call("GET", `/v1/machines/${machine.id}/logs`)).json;
  expect(items.map(({ text }: { text: string }) => text)).toContain("ended with code 3");
  const other = await startMachine(call, await make(call, { name: "n", image: "mock:exits", volume: null }), "failed");
  expect(other.exitCode).toBe(1);
});

test("faults happen as often as they are told, to whom they are told", async () => {
  const { call } = await start();
  await call("POST", "/faults", [
    { kind: "refused", operation: "group.create", after: 1, times: 2 },
    { kind: "no_capacity", operation: "volume.create", region: "near" },
  ]);
  const names = ["a", "b", "c", "d"];
  const statuses = [];
  for (const name of names) statuses.push((await call("POST", "/v1/groups", { name, tags: TAGS })).status);
  expect(statuses).toEqual([201, 403, 403, 201]);
  const volume = { name: "v", group: "a", sizeGb: 1, tags: TAGS };
  expect((await call("POST", "/v1/volumes", { ...volume, region: "far" })).status).toBe(201);
  expect((await call("POST", "/v1/volumes", { ...volume, region: "near" })).status).toBe(422);
  expect((await call("GET", "/faults")).json).toEqual([]);
  expect((await call("POST", "/faults", [{ kind: "unheard of" }])).status).toBe(422);
});

test("an answer can be lost after the deed, or never come", async () => {
  const { call } = await start();
  await call("POST", "/faults", [{ kind: "lost", operation: "group.create" }]);
  await expect(call("POST", "/v1/groups", { name: "g", tags: TAGS })).rejects.toThrow();
  expect((await call("GET", "/v1/groups/g")).status).toBe(200);
  await call("POST", "/faults", [{ kind: "hangs", operation: "group.delete" }]);
  await expect(hangsUp(running[0]?.url ?? "", "/v1/groups/g")).resolves.toBe("silence");
  expect((await call("GET", "/v1/groups/g")).status).toBe(200);
});

test("asks for one call a second about a machine, where that is switched on", async () => {
  const { call } = await start({ paceMs: 1_000 });
  const machine = await make(call);
  expect((await call("GET", `/v1/machines/${machine.id}`)).status).toBe(200);
  const second = await call("GET", `/v1/machines/${machine.id}`);
  expect([second.status, second.headers.get("retry-after")]).toEqual([429, "1"]);
});

/** Waits a moment for an answer and goes. */
function hangsUp(url: string, path: string): Promise<string> {
  return new Promise((done) => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const asking = request(`${url}${path}`, { method: "DELETE", headers }, () => done("answer"));
    asking.once("error", () => done("silence"));
    asking.setTimeout(200, () => asking.destroy());
    asking.end();
  });
}
