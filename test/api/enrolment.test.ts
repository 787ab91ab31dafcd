import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { ENROLMENT_TTL_MS, MACHINE_SILENCE_MS } from "../../contracts/limits.ts";
import { type Answer, type Core, startCore } from "./support/core.ts";
import { claim, type Person } from "./support/people.ts";

let core: Core;
let owner: Person;
let server: Server;
/** Where the machines of these tests answer. */
let home: string;
beforeAll(async () => {
  server = createServer((_, answer) => answer.end("hello")).listen(0, "127.0.0.1");
  await once(server, "listening");
  home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  core = await startCore({ DRIVERS: "isolate,external", ALLOW_PRIVATE_MACHINES: "1" });
  owner = await claim(core);
});
afterAll(async () => {
  await core.stop();
  server.close();
});

const inOrg = (method: string, slug: string, path = "", json?: unknown): Promise<Answer> =>
  core.call(`/api/v1/orgs/${slug}${path}`, { method, token: owner.token, ...(json === undefined ? {} : { json }) });
const machineOf = async (slug: string) => (await inOrg("GET", slug, "/machine")).json.machine;
const enrol = (token: string, url?: string): Promise<Answer> =>
  core.call("/api/v1/machines/enrol", { json: url === undefined ? { token } : { token, url } });
const offer = async (slug: string): Promise<string> => {
  const offered = await inOrg("POST", slug, "/machine/enrolment");
  expect(offered.status, offered.text).toBe(201);
  return offered.json.token;
};

/** An org that waits for its machine to register. */
async function waiting(slug: string): Promise<{ id: string; token: string }> {
  const made = await core.call("/api/v1/orgs", { token: owner.token, json: { slug, driver: "external" } });
  expect(made.status, made.text).toBe(201);
  await expect.poll(async () => (await machineOf(slug))?.state, { timeout: 10_000 }).toBe("starting");
  return { id: made.json.id, token: await offer(slug) };
}

interface Enrolled {
  orgId: string;
  machineId: string;
  callBackSecret: string;
  proxySecret: string;
}

async function enrolled(slug: string): Promise<Enrolled> {
  const { id, token } = await waiting(slug);
  const answer = await enrol(token, home);
  expect(answer.status, answer.text).toBe(200);
  await expect.poll(async () => (await inOrg("GET", slug)).json.state, { timeout: 10_000 }).toBe("running");
  return { orgId: id, ...answer.json };
}

let beats = 0;
interface BeatOptions {
  id?: string;
  at?: number;
  secret?: string;
  body?: string;
  signed?: string;
}
function beat(machine: Pick<Enrolled, "machineId" | "callBackSecret">, options: BeatOptions = {}): Promise<Answer> {
  beats += 1;
  const { id = `beat-${beats}`, at = Date.now(), secret = machine.callBackSecret, body = "{}" } = options;
  const date = new Date(Math.floor(at / 1000) * 1000);
  return core.call(`/api/v1/machines/${machine.machineId}/heartbeat`, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(date.getTime() / 1000),
      "webhook-signature": new Webhook(secret).sign(id, date, options.signed ?? body),
    },
  });
}
/** Makes it as if the last heartbeat, or whatever else is kept by time, had been so long ago. */
const age = (machineId: string, column: string, ms: number) =>
  core.sql.query(`update machine set ${column} = ${column} - make_interval(secs => $2) where id = $1`, [
    machineId,
    ms / 1000,
  ]);

describe("a machine of one's own", () => {
  test("registers itself once, gets its secrets, and its org runs", async () => {
    const { id, token } = await waiting("harbour");
    const answer = await enrol(token, `${home}/`);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toMatchObject({
      org: "harbour",
      heartbeat: { everySeconds: 30 },
      environment: {},
      proxySecret: expect.stringMatching(/^[0-9a-f]{64}$/),
      callBackSecret: expect.stringMatching(/^whsec_/),
    });
    await expect.poll(async () => (await inOrg("GET", "harbour")).json.state, { timeout: 10_000 }).toBe("running");
    const machine = await machineOf("harbour");
    expect(machine).toMatchObject({ state: "started", health: "healthy", origin: home });
    const projected = (await core.door("state", "projection", id)).value.machine;
    expect(projected).toMatchObject({ state: "started", origin: home, network: "host", secretsVersion: 2 });
    expect((await enrol(token, home)).status).toBe(401);
  });

  test("invariant 20: its token and its secrets are nowhere but in the answers", async () => {
    const { machineId, proxySecret, callBackSecret } = await enrolled("cove");
    const token = await offer("cove");
    const kept = [
      JSON.stringify((await core.sql.query("select * from machine where id = $1", [machineId])).rows),
      JSON.stringify((await core.sql.query("select * from provision where machine_id = $1", [machineId])).rows),
      JSON.stringify((await core.sql.query("select entry from audit_log")).rows),
      (await inOrg("GET", "cove", "/machine")).text,
      core.printed(),
    ].join("\n");
    for (const secret of [token, proxySecret, callBackSecret]) expect(kept).not.toContain(secret);
  });

  test("is not registered by a token that is another, spent, replaced or too old", async () => {
    const { token } = await waiting("reef");
    expect((await enrol(`${token.slice(0, -1)}${token.endsWith("0") ? "1" : "0"}`, home)).status).toBe(401);
    expect((await enrol("nonsense", home)).status).toBe(401);
    const newer = await offer("reef");
    expect((await enrol(token, home)).status).toBe(401);
    const { id } = await machineOf("reef");
    await age(id, "enrolment_expires_at", ENROLMENT_TTL_MS);
    expect((await enrol(newer, home)).status).toBe(401);
    expect((await enrol(await offer("reef"), home)).status).toBe(200);
  });

  test("is registered once, however many come with its token at once", async () => {
    const { token } = await waiting("strait");
    const answers = await Promise.all(Array.from({ length: 8 }, () => enrol(token, home)));
    const taken = answers.filter(({ status }) => status === 200);
    expect(taken).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(7);
  });

  test("keeps its token where its address is refused", async () => {
    const { token } = await waiting("shoal");
    for (const url of [
      "http://169.254.169.254",
      "http://app.localhost:8787",
      "http://shop.localhost",
      `${home}/path`,
    ]) {
      const answer = await enrol(token, url);
      expect([answer.status, answer.json.error.details.issues?.[0]?.field]).toEqual([422, "url"]);
    }
    expect((await enrol(token)).status).toBe(422);
    expect((await enrol(token, home)).status).toBe(200);
  });

  test("moves by registering again, and what it signed with before is good no more (invariant 25)", async () => {
    const machine = await enrolled("sound");
    expect((await beat(machine)).status).toBe(200);
    const there = home.replace("127.0.0.1", "localhost");
    const again = await enrol(await offer("sound"), there);
    expect(again.json.machineId).toBe(machine.machineId);
    expect(again.json.proxySecret).not.toBe(machine.proxySecret);
    expect((await beat(machine)).status).toBe(401);
    expect((await beat(again.json)).status).toBe(200);
    const projected = (await core.door("state", "projection", machine.orgId)).value.machine;
    expect(projected).toMatchObject({ origin: there, secretsVersion: 3 });
  });

  test("is told of the org's own database", async () => {
    const { token } = await waiting("delta");
    await inOrg("PUT", "delta", "/secrets/DATABASE_URL", { value: "postgres://user:word@db.example.net/delta" });
    await inOrg("PUT", "delta", "/secrets/OTHER", { value: "not for it" });
    expect((await enrol(token, home)).json.environment).toEqual({
      DATABASE_URL: "postgres://user:word@db.example.net/delta",
    });
  });

  test("is started and stopped where it runs, and the platform says so", async () => {
    await enrolled("isle");
    for (const verb of ["start", "stop", "restart"]) {
      const answer = await inOrg("POST", "isle", `/machine/${verb}`);
      expect([answer.status, answer.json.error.code]).toEqual([409, "conflict"]);
    }
    expect((await inOrg("GET", "isle", "/machine/logs")).status).toBe(409);
    expect((await machineOf("isle")).state).toBe("started");
  });
});

test("an org without a machine has nothing to register, to start or to read", async () => {
  await core.call("/api/v1/orgs", { token: owner.token, json: { slug: "plain" } });
  const tries: [string, string][] = [
    ["POST", "/machine/enrolment"],
    ["POST", "/machine/start"],
    ["POST", "/machine/stop"],
    ["POST", "/machine/restart"],
    ["GET", "/machine/logs"],
  ];
  for (const [method, path] of tries) expect((await inOrg(method, "plain", path)).status).toBe(404);
});

describe("a heartbeat", () => {
  test("invariant 21: is refused alike for a machine that is not there and for a signature that is not its", async () => {
    const machine = await enrolled("lagoon");
    const stranger = await enrolled("atoll");
    const nobody = { ...machine, machineId: newId("machine") };
    const refused = await Promise.all([
      beat(nobody),
      beat({ ...machine, machineId: "nonsense" }),
      beat(machine, { secret: stranger.callBackSecret }),
      beat({ ...machine, machineId: stranger.machineId }),
      beat(machine, { signed: '{"status":"ok"}' }),
      beat(machine, { at: Date.now() - 6 * 60_000 }),
      beat(machine, { at: Date.now() + 6 * 60_000 }),
      core.call(`/api/v1/machines/${machine.machineId}/heartbeat`, { json: {} }),
    ]);
    for (const { status, json } of refused) {
      expect([status, json.error.code, json.error.message]).toEqual([
        401,
        "unauthenticated",
        refused[0].json.error.message,
      ]);
    }
    expect(await beat(machine)).toMatchObject({ status: 200, json: { state: "started", heartbeatEverySeconds: 30 } });
  });

  test("is checked over the bytes that were sent", async () => {
    const machine = await enrolled("bight");
    expect((await beat(machine, { body: '{ "status" :  "ok" }' })).status).toBe(200);
    expect((await beat(machine, { body: '{"status":"ok"} ', signed: '{"status":"ok"}' })).status).toBe(401);
  });

  test("is taken once, and none that is older than one before", async () => {
    const machine = await enrolled("fjord");
    const at = Date.now();
    expect((await beat(machine, { id: "one", at })).status).toBe(200);
    await age(machine.machineId, "heartbeat_at", MACHINE_SILENCE_MS);
    const before = (await machineOf("fjord")).heartbeatAt;
    expect((await beat(machine, { id: "one", at })).status).toBe(200);
    expect((await beat(machine, { id: "older", at: at - 10_000 })).status).toBe(200);
    expect((await machineOf("fjord")).heartbeatAt).toBe(before);
    expect((await beat(machine, { id: "newer", at: at + 1_000 })).status).toBe(200);
    expect((await machineOf("fjord")).heartbeatAt).toBeGreaterThan(before);
  });

  test("is written down every few seconds where it says the same", async () => {
    const machine = await enrolled("inlet");
    expect((await beat(machine)).status).toBe(200);
    const before = (await machineOf("inlet")).heartbeatAt;
    expect((await beat(machine, { at: Date.now() + 2_000 })).status).toBe(200);
    expect((await machineOf("inlet")).heartbeatAt).toBe(before);
  });

  test("that stays out makes a machine unhealthy, and the next one makes it well", async () => {
    const machine = await enrolled("bay");
    expect((await beat(machine)).status).toBe(200);
    await age(machine.machineId, "heartbeat_at", MACHINE_SILENCE_MS + 1_000);
    expect(await core.tick()).toBe("ok");
    expect((await machineOf("bay")).health).toBe("unhealthy");
    expect((await beat(machine, { at: Date.now() + 2_000 })).status).toBe(200);
    expect((await machineOf("bay")).health).toBe("healthy");
    expect(await core.tick()).toBe("ok");
    expect((await machineOf("bay")).health).toBe("healthy");
  });

  test("says when a machine is not well, and when it is again", async () => {
    const machine = await enrolled("gulf");
    const at = Date.now();
    const told = JSON.stringify({ status: "degraded", message: "Disk nearly full" });
    await beat(machine, { body: told, at: at + 1_000 });
    expect(await core.tick()).toBe("ok");
    expect(await machineOf("gulf")).toMatchObject({
      state: "started",
      health: "unhealthy",
      error: { code: "degraded", message: "Disk nearly full" },
    });
    await beat(machine, { at: at + 2_000 });
    expect(await machineOf("gulf")).toMatchObject({ health: "healthy", error: null });
  });

  test("says when a machine stops, and when it is back", async () => {
    const machine = await enrolled("creek");
    const at = Date.now();
    const stopping = await beat(machine, { body: JSON.stringify({ status: "stopping" }), at: at + 1_000 });
    expect(stopping.json.state).toBe("stopped");
    expect(await core.tick()).toBe("ok");
    expect((await machineOf("creek")).state).toBe("stopped");
    const woken = (await core.door("directory", "wakeMachine", machine.orgId)).value;
    expect(woken).toMatchObject({ id: machine.machineId, state: "stopped" });
    expect((await beat(machine, { at: at + 2_000 })).json.state).toBe("started");
    expect((await core.door("state", "projection", machine.orgId)).value.machine.state).toBe("started");
  });
});
