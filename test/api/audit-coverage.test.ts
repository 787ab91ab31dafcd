import { afterAll, beforeAll, expect, test } from "vitest";

import { ENDPOINTS, type EndpointId } from "../../contracts/api/index.ts";
import { newId } from "../../contracts/ids.ts";
import { LogBatchWriter } from "../../contracts/log-batch.ts";
import { sampleExecution } from "../../contracts/testing/execution.ts";
import { type Answer, type Core, ORIGIN, SETUP_TOKEN, startCore } from "./support/core.ts";
import { type NameServer, startNameServer } from "./support/name-server.ts";
import { type NeonFake, startNeonFake } from "./support/neon-fake.ts";
import { giveKey, join, makeOrg, OWNER, type Person, signIn, tokenFor } from "./support/people.ts";
import { startProvider, type TestProvider } from "./support/provider.ts";

/** What leaves no entry, and why. */
const UNAUDITED: Partial<Record<EndpointId, string>> = {
  lookAtInvitation: "it reads",
  checkRoute: "it reads",
  matchRoute: "it reads",
  getKvBatch: "it reads",
  queryDocs: "it reads",
  countDocs: "it reads",
  previewTrigger: "it reads",
  machineHeartbeat: "it comes every few seconds; a state that it changes is written down",
  signUp: "nobody is known yet: who takes the link that it sends is written down",
};

let dns: NameServer;
let provider: TestProvider;
let core: Core;
let neon: NeonFake;
let owner: Person;
let claimed: Answer;
let org: string;
beforeAll(async () => {
  dns = await startNameServer();
  provider = await startProvider();
  neon = await startNeonFake();
  core = await startCore({ ...provider.bindings, ...neon.bindings, DNS_URL: dns.url });
  claimed = await core.call("/api/v1/setup", { json: { token: SETUP_TOKEN, ...OWNER } });
  const { id } = claimed.json;
  owner = { id, token: await giveKey(core, id) };
  org = await makeOrg(core, owner.token, "home");
});
afterAll(async () => {
  await core.stop();
  await neon.close();
  await dns.close();
  await provider.stop();
});

const send = (method: string, path: string, json?: unknown, token = owner.token): Promise<Answer> =>
  core.call(`/api/v1${path}`, { method, token, ...(json === undefined ? {} : { json }) });
const inOrg = (method: string, path: string, json?: unknown, token = owner.token): Promise<Answer> =>
  send(method, `/orgs/home${path}`, json, token);
const made = async (sent: Promise<Answer>): Promise<string> => (await sent).json.id;
const source = "export default { fetch: () => new Response('hi'), event() {} }";

const invitation = () => made(inOrg("POST", "/members", { email: "guest@example.com", role: "viewer" }));
const partner = () => made(send("POST", "/partners", { name: "Partner" }));
const doc = () => made(inOrg("POST", "/docs/papers", { value: { a: 1 } }));
const person = async () => (await join(core, "member", { [org]: "viewer" })).id;
const script = async (name: string): Promise<string> => {
  await inOrg("PUT", `/scripts/${name}`, { source });
  return name;
};
const route = async (path: string) => made(inOrg("POST", "/routes", { script: await script("routed"), path }));
let triggers = 0;
const trigger = async (): Promise<string> => {
  triggers += 1;
  const name = `trigger-${triggers}`;
  const body = { name, script: await script("handler"), retry: { maxAttempts: 1 } };
  await inOrg("POST", "/triggers", { ...body, source: { kind: "pubsub", topic: name } });
  return name;
};
const webhook = async () => {
  await inOrg("POST", "/triggers", { name: "hook", script: await script("handler"), source: { kind: "webhook" } });
  return "hook";
};
/** A delivery that failed for good. */
const deadLetter = async (): Promise<string> => {
  const name = await trigger();
  await core.edge("fails");
  await inOrg("POST", `/triggers/${name}/fire`, {});
  const letters = async () => (await inOrg("GET", `/dead-letters?trigger=${name}`)).json.items;
  await expect.poll(letters).toHaveLength(1);
  await core.edge("answers");
  return (await letters())[0].id;
};
/** An execution that is in the log. */
const recorded = async (): Promise<string> => {
  const { id, live } = (await inOrg("PUT", "/scripts/recorded", { source })).json;
  const body = { text: "", encoding: "utf8", truncated: false } as const;
  const record = sampleExecution({
    id: newId("execution"),
    scriptId: id,
    scriptName: "recorded",
    versionId: live.id,
    startedAt: Date.now(),
    request: { headers: {}, body },
    response: { headers: {}, body },
  });
  const writer = new LogBatchWriter();
  writer.addRecord(record);
  await core.door("state", "appendLog", [writer.finish(org)], []);
  return record.id;
};
/** A claim whose record is in the DNS, though nobody has looked for it yet. */
const provable = async (): Promise<string> => {
  const { hostname, records } = (await inOrg("POST", "/domains", { domain: "provable.example" })).json;
  dns.records.set(records.proof.name, [records.proof.value]);
  await core.sql.query("update domain set checked_at = null where hostname = $1", [hostname]);
  return hostname;
};
const sessionOf = async (): Promise<{ cookie: string; origin: string }> => ({
  cookie: await signIn(core),
  origin: ORIGIN,
});

/** An org whose machine is in a state that lasts. */
const machined = async (state: "started" | "stopped"): Promise<void> => {
  const machine = async () => (await send("GET", "/orgs/yard/machine")).json.machine?.state;
  await send("POST", "/orgs", { slug: "yard", driver: "mock" });
  const running = async () => (await send("GET", "/orgs/yard")).json.state;
  await expect.poll(running, { timeout: 10_000 }).toBe("running");
  await send("POST", `/orgs/yard/machine/${state === "started" ? "start" : "stop"}`);
  await expect.poll(machine, { timeout: 10_000 }).toBe(state);
};

/** How each endpoint that changes something is made to do so. */
const CALLS: Partial<Record<EndpointId, () => Promise<Answer>>> = {
  createDatabase: () => inOrg("POST", "/database"),
  deleteDatabase: async () => {
    const state = async () => (await inOrg("GET", "/database")).json.database?.state;
    await inOrg("POST", "/database");
    await expect.poll(state, { timeout: 20_000 }).toBe("ready");
    return inOrg("DELETE", "/database?confirm=home");
  },
  claimDomain: () => inOrg("POST", "/domains", { domain: "claimed.example" }),
  verifyDomain: async () => inOrg("POST", `/domains/${await provable()}/verify`),
  releaseDomain: async () => {
    await inOrg("POST", "/domains", { domain: "released.example" });
    return inOrg("DELETE", "/domains/released.example");
  },
  claimOwner: async () => claimed,
  patchMe: () => send("PATCH", "/me", { name: "Owner" }),
  endSession: async () => {
    await signIn(core);
    const [session] = (await send("GET", "/me/sessions")).json.items;
    return send("DELETE", `/me/sessions/${session.id}`);
  },
  endOtherSessions: async () => core.call("/api/v1/me/sessions", { method: "DELETE", headers: await sessionOf() }),
  createKey: () => send("POST", "/keys", { name: "k" }),
  patchKey: async () => send("PATCH", `/keys/${await made(send("POST", "/keys", { name: "k" }))}`, { name: "l" }),
  revokeKey: async () => send("DELETE", `/keys/${await made(send("POST", "/keys", { name: "k" }))}`),
  revokeOrgKey: async () => inOrg("DELETE", `/keys/${await made(send("POST", "/keys", { name: "k", org: "home" }))}`),
  patchPlatformSettings: () => send("PATCH", "/platform/settings", { signUp: "open" }),
  inviteUser: () => send("POST", "/users", { email: "admin@example.com", role: "admin" }),
  patchUser: async () => send("PATCH", `/users/${await person()}`, { active: false }),
  signOutUser: async () => send("POST", `/users/${await person()}/sign-out`),
  revokePlatformInvitation: async () =>
    send("DELETE", `/invitations/${await made(send("POST", "/users", { email: "gone@example.com" }))}`),
  acceptInvitation: async () => {
    await inOrg("POST", "/members", { email: "new@example.com", role: "viewer" });
    const token = await tokenFor(core, "new@example.com");
    return core.call("/api/v1/invitations/accept", { json: { token, name: "New", password: "correct horse battery" } });
  },
  createPartner: () => send("POST", "/partners", { name: "Partner" }),
  patchPartner: async () => send("PATCH", `/partners/${await partner()}`, { active: false }),
  createPartnerKey: async () => send("POST", `/partners/${await partner()}/keys`, { name: "k" }),
  revokePartnerKey: async () => {
    const id = await partner();
    return send("DELETE", `/partners/${id}/keys/${await made(send("POST", `/partners/${id}/keys`, { name: "k" }))}`);
  },
  inviteMember: () => inOrg("POST", "/members", { email: "guest@example.com", role: "viewer" }),
  patchMember: async () => inOrg("PATCH", `/members/${await person()}`, { role: "developer" }),
  removeMember: async () => inOrg("DELETE", `/members/${await person()}`),
  leaveOrg: async () => {
    const { token } = await join(core, "member", { [org]: "viewer" });
    return inOrg("POST", "/leave", { confirm: "home" }, token);
  },
  revokeInvitation: async () => inOrg("DELETE", `/invitations/${await invitation()}`),
  resendInvitation: async () => inOrg("POST", `/invitations/${await invitation()}/resend`),
  createOrg: () => send("POST", "/orgs", { slug: "second" }),
  patchOrg: () => inOrg("PATCH", "", { egress: { deny: ["*"] } }),
  suspendOrg: async () => {
    await makeOrg(core, owner.token, "resting");
    return send("POST", "/orgs/resting/suspend", { reason: "On holiday" });
  },
  resumeOrg: () => send("POST", "/orgs/resting/resume"),
  renameOrg: () => send("POST", "/orgs/resting/rename", { slug: "rested" }),
  deleteOrg: () => send("DELETE", "/orgs/second?confirm=second"),
  signInToOrg: async () => core.call("/api/v1/orgs/home/open", { headers: await sessionOf(), json: { to: "/" } }),
  rotateSigningKeys: () => send("POST", "/platform/signing-keys/rotate", {}),
  putPlan: () => send("PUT", "/plans/small", { title: "Small", quotas: {} }),
  deletePlan: () => send("DELETE", "/plans/small"),
  putBudget: async () => {
    await send("PUT", "/plans/default", { title: "Default", quotas: {}, prices: { currency: "EUR" } });
    return inOrg("PUT", "/budget", { kind: "money", currency: "EUR", amountMinor: 1 });
  },
  deleteBudget: () => inOrg("DELETE", "/budget"),
  createScript: () => inOrg("POST", "/scripts", { name: "fresh", source }),
  putScript: () => inOrg("PUT", "/scripts/put", { source }),
  patchScript: async () => inOrg("PATCH", `/scripts/${await script("patched")}`, { description: "d" }),
  deleteScript: async () => inOrg("DELETE", `/scripts/${await script("deleted")}`),
  rollBackScript: async () => {
    await script("back");
    await inOrg("PUT", "/scripts/back", { source: "export default () => 2" });
    return inOrg("POST", "/scripts/back/rollback", { version: 1 });
  },
  invokeScript: async () => inOrg("POST", `/scripts/${await script("invoked")}/invoke`, {}),
  createRoute: async () => inOrg("POST", "/routes", { script: await script("routed"), path: "/a" }),
  deleteRoute: async () => inOrg("DELETE", `/routes/${await route("/b")}`),
  replayExecution: async () => inOrg("POST", `/executions/${await recorded()}/replay`, {}),
  putKv: () => inOrg("PUT", "/kv/keys/a", { value: 1 }),
  deleteKv: async () => {
    await inOrg("PUT", "/kv/keys/b", { value: 1 });
    return inOrg("DELETE", "/kv/keys/b");
  },
  writeKvBatch: () => inOrg("POST", "/kv/keys/batch", { operations: [{ operation: "set", key: "c", value: 1 }] }),
  insertDoc: () => inOrg("POST", "/docs/papers", { value: {} }),
  putDoc: async () => inOrg("PUT", `/docs/papers/${await doc()}`, { value: {} }),
  patchDoc: async () => inOrg("PATCH", `/docs/papers/${await doc()}`, { patch: { b: 1 } }),
  deleteDoc: async () => inOrg("DELETE", `/docs/papers/${await doc()}`),
  writeDocsBatch: () => inOrg("POST", "/docs/papers/batch", { operations: [{ operation: "insert", value: {} }] }),
  createDocIndex: () => inOrg("POST", "/collections/docs/papers/indexes", { name: "by_a", fields: [{ field: "a" }] }),
  deleteDocIndex: () => inOrg("DELETE", "/collections/docs/papers/indexes/by_a"),
  deleteCollection: async () => {
    await inOrg("PUT", "/kv/doomed/a", { value: 1 });
    return inOrg("DELETE", "/collections/kv/doomed?confirm=doomed");
  },
  putSecret: () => inOrg("PUT", "/secrets/NAME", { value: "hush" }),
  deleteSecret: () => inOrg("DELETE", "/secrets/NAME"),
  rewrapSecrets: () => send("POST", "/secrets/rewrap", {}),
  createTrigger: async () =>
    inOrg("POST", "/triggers", {
      name: "made",
      script: await script("handler"),
      source: { kind: "pubsub", topic: "t" },
    }),
  patchTrigger: async () => inOrg("PATCH", `/triggers/${await trigger()}`, { state: "paused" }),
  deleteTrigger: async () => inOrg("DELETE", `/triggers/${await trigger()}`),
  pauseTrigger: async () => inOrg("POST", `/triggers/${await trigger()}/pause`),
  resumeTrigger: async () => inOrg("POST", `/triggers/${await trigger()}/resume`),
  enableTrigger: async () => inOrg("POST", `/triggers/${await trigger()}/enable`),
  disableTrigger: async () => inOrg("POST", `/triggers/${await trigger()}/disable`),
  discardTrigger: async () => {
    const name = await trigger();
    return inOrg("POST", `/triggers/${name}/discard`, { confirm: name });
  },
  fireTrigger: async () => inOrg("POST", `/triggers/${await trigger()}/fire`, {}),
  rotateTriggerSecret: async () => inOrg("POST", `/triggers/${await webhook()}/rotate-secret`),
  replayDeadLetter: async () => inOrg("POST", `/dead-letters/${await deadLetter()}/replay`),
  discardDeadLetter: async () => inOrg("POST", `/dead-letters/${await deadLetter()}/discard`),
  replayDeadLetters: () => inOrg("POST", "/dead-letters/replay", {}),
  discardDeadLetters: () => inOrg("POST", "/dead-letters/discard", { confirm: "all" }),
  sendToQueue: () => inOrg("POST", "/queues/q/send", { messages: [{ value: 1 }] }),
  purgeQueue: () => inOrg("POST", "/queues/q/purge", { confirm: "q" }),
  publishToTopic: () => inOrg("POST", "/topics/t/publish", { value: 1 }),
  createMachine: async () => {
    await send("POST", "/orgs", { slug: "craft" });
    return send("POST", "/orgs/craft/machine", { driver: "mock" });
  },
  deleteMachine: () => send("DELETE", "/orgs/craft/machine?confirm=craft"),
  retryMachine: async () => {
    await send("POST", "/orgs", { slug: "unlucky", driver: "mock", machine: { image: "mock:missing" } });
    const provision = async () => (await send("GET", "/orgs/unlucky/machine")).json.provision.state;
    await expect.poll(provision, { timeout: 20_000 }).toBe("failed");
    return send("POST", "/orgs/unlucky/machine/retry");
  },
  startMachine: async () => {
    await machined("stopped");
    return send("POST", "/orgs/yard/machine/start");
  },
  stopMachine: async () => {
    await machined("started");
    return send("POST", "/orgs/yard/machine/stop");
  },
  restartMachine: async () => {
    await machined("started");
    return send("POST", "/orgs/yard/machine/restart");
  },
  enrolmentToken: async () => {
    await machined("started");
    return send("POST", "/orgs/yard/machine/enrolment");
  },
  enrolMachine: async () => {
    await machined("started");
    const { token } = (await send("POST", "/orgs/yard/machine/enrolment")).json;
    return core.call("/api/v1/machines/enrol", { json: { token } });
  },
  sweepOrphans: () => send("POST", "/machines/sweep", {}),
  reconcileMachines: () => send("POST", "/machines/reconcile", {}),
};

test("every endpoint that can change something is here", () => {
  const mutations = Object.entries(ENDPOINTS).flatMap(([id, { method }]) => (method === "GET" ? [] : [id]));
  expect([...Object.keys(CALLS), ...Object.keys(UNAUDITED)].sort()).toEqual(mutations.sort());
});

test.each(Object.entries(CALLS))("%s leaves an entry in the audit log, of its own request", async (_, make) => {
  const answer = await make();
  expect(answer.status, answer.text).toBeLessThan(300);
  const requestId = answer.headers.get("x-request-id");
  const entries = async () =>
    (await core.sql.query("select action, actor_id, entry from audit_log where request_id = $1", [requestId])).rows;
  await expect.poll(entries).not.toEqual([]);
  for (const { action, actor_id, entry } of await entries()) {
    expect(action).toMatch(/^[a-z-]+\.[a-z-]+$/);
    expect(actor_id).not.toBe("");
    for (const secret of [SETUP_TOKEN, OWNER.password, "correct horse battery", "hush"])
      expect(entry).not.toContain(secret);
    expect(entry).not.toMatch(/isola_[0-9a-f]{64}|whsec_/);
  }
});

test("after all of that every chain is whole", async () => {
  expect((await send("GET", "/audit/verify")).json).toMatchObject({ ok: true, broken: null, cursor: null });
});
