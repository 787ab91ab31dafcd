import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";

import type { DispatchDoor } from "../../../contracts/doors.ts";
import type { AsyncRun, NewAsyncRun } from "../../../contracts/events/delivery.ts";
import type { DeliverResult } from "../../../contracts/events/dispatch.ts";
import type { ExecutionRecord } from "../../../contracts/execution.ts";
import { newId } from "../../../contracts/ids.ts";
import { ASYNC_BODY_BYTES_MAX, ASYNC_RESULT_BYTES_MAX, EVENT_DEPTH_MAX } from "../../../contracts/limits.ts";
import type { RouterEnv } from "../env.ts";
import { deliverLog } from "../log/delivery.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

const { Dispatch } = exports as unknown as { Dispatch: (options: object) => DispatchDoor };

interface Accepted {
  executionId: string;
  state: string;
  status: string;
  url: string;
}

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  await authority.setAnswers("startAsyncRun", []);
  await authority.takeAsked("startAsyncRun");
  tenant = await newTenant();
});

/** The runs that the state was handed since the last look. */
async function handedOver(): Promise<NewAsyncRun[]> {
  const asked = await authority.takeAsked("startAsyncRun");
  return asked.map(([orgId, run]) => {
    expect(orgId).toBe(tenant.orgId);
    return run as NewAsyncRun;
  });
}

async function theOneHandedOver(): Promise<NewAsyncRun> {
  const [run, ...more] = await handedOver();
  if (run === undefined || more.length > 0) throw new Error("not exactly one run was handed over");
  return run;
}

/** What the state does with a run when its time has come. */
function deliver(run: NewAsyncRun): Promise<DeliverResult> {
  const { orgId, slug } = tenant;
  return Dispatch({}).deliver({ orgId, slug, scriptId: run.scriptId, work: { type: "request", run } });
}

const LATER = { prefer: "wait=5, Respond-Async" };
const ECHO = `export default async (request, ctx) => new Response(
  JSON.stringify([request.method, new URL(request.url).pathname, request.headers.get("x-a"), await request.text(), ctx.params, ctx.executionId]),
  { status: 201, headers: { "x-own": "1" } })`;

describe("a request whose caller does not wait", () => {
  it("is accepted with the place of its result, and run under the id that was given", async () => {
    const script = await tenant.deploy(ECHO, { routes: [] });
    const response = await tenant.fetch("/.isola/v1/execute/main/x/y?z=1", {
      method: "POST",
      headers: { ...LATER, "x-a": "b" },
      body: "text",
    });
    expect(response.status).toBe(202);
    const { executionId, state, status, url } = await response.json<Accepted>();
    expect([state, status]).toEqual(["waiting", "pending"]);
    expect(url).toBe(`http://${tenant.host}/.isola/v1/executions/${executionId}`);
    expect(response.headers.get("location")).toBe(`/.isola/v1/executions/${executionId}`);
    expect(response.headers.get("preference-applied")).toBe("respond-async");
    const run = await theOneHandedOver();
    expect(run).toMatchObject({ executionId, scriptId: script.id, method: "POST", path: "/x/y?z=1", body: "text" });
    expect(await deliver(run)).toMatchObject({
      outcome: "ok",
      executionId,
      response: {
        status: 201,
        headers: { "x-own": "1" },
        body: JSON.stringify(["POST", "/x/y", "b", "text", {}, executionId]),
        bodyEncoding: "utf8",
      },
    });
    await deliverLog((env as unknown as RouterEnv).STATE);
    const records = (await authority.takeLog())
      .filter(({ orgId }) => orgId === tenant.orgId)
      .flatMap(({ segments }) => segments.flatMap((segment) => JSON.parse(segment.records) as ExecutionRecord[]));
    expect(records).toMatchObject([{ id: executionId, trigger: "execute", status: 201, path: "/x/y?z=1" }]);
  });

  it("has an id that nobody can guess from another one", async () => {
    await tenant.deploy(ECHO, { routes: [] });
    const ids = [];
    for (let index = 0; index < 2; index++) {
      const response = await tenant.fetch("/.isola/v1/execute/main", { method: "POST", headers: LATER });
      ids.push((await response.json<Accepted>()).executionId);
    }
    const [first = "", second = ""] = ids;
    const same = Array.from(first).filter((character, index) => index >= "exe_".length && character === second[index]);
    expect(first).toMatch(/^exe_[0-9a-z]{20}$/);
    expect(same.length).toBeLessThan(8);
  });

  it("comes by a route that says so, with what the route captures", async () => {
    await tenant.deploy(ECHO, { routes: ["GET /jobs/:id"], dispatch: "async" });
    const response = await tenant.get("/jobs/7?q=1");
    expect([response.status, response.headers.get("preference-applied")]).toEqual([202, null]);
    const run = await theOneHandedOver();
    expect(run).toMatchObject({ method: "GET", path: "/jobs/7?q=1", params: { id: "7" }, body: null, trigger: "http" });
    const { executionId } = await response.json<Accepted>();
    expect(await deliver(run)).toMatchObject({
      response: { body: JSON.stringify(["GET", "/jobs/7", null, "", { id: "7" }, executionId]) },
    });
  });

  it("is seen by its script at the host that it came to", async () => {
    await tenant.deploy(`export default (request) => request.url`, { dispatch: "async" });
    await tenant.fetch("/a?b");
    const run = await theOneHandedOver();
    expect(await deliver(run)).toMatchObject({ response: { body: `"http://${tenant.host}/a?b"` } });
    const elsewhere = { ...run, origin: "https://shop.example.com" };
    expect(await deliver(elsewhere)).toMatchObject({ response: { body: `"https://shop.example.com/a?b"` } });
  });

  it("may carry bytes", async () => {
    await tenant.deploy(`export default async (request) => new Response(await request.bytes())`, { dispatch: "async" });
    const body = new Uint8Array([0, 255, 128]);
    await tenant.fetch("/", { method: "POST", body });
    const run = await theOneHandedOver();
    expect(run).toMatchObject({ body: "AP+A", bodyEncoding: "base64" });
    expect(await deliver(run)).toMatchObject({ response: { body: "AP+A", bodyEncoding: "base64" } });
  });

  it.each(["declared", "streamed"])("is refused where its %s body is too long to keep", async (how) => {
    await tenant.deploy(ECHO, { dispatch: "async" });
    const text = "x".repeat(ASYNC_BODY_BYTES_MAX + 1);
    const body = how === "declared" ? text : new Blob([text]).stream();
    const response = await tenant.fetch("/", { method: "POST", body });
    expect(response.status).toBe(413);
    await response.text();
    expect(await handedOver()).toEqual([]);
  });

  it("is refused as the state refuses it", async () => {
    await tenant.deploy(ECHO, { dispatch: "async" });
    await authority.setAnswers("startAsyncRun", [{ refusal: { code: "unavailable", message: "too many wait" } }]);
    const response = await tenant.get("/");
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("too many wait");
  });

  it("runs while its caller waits where it prefers nothing of the kind", async () => {
    await tenant.deploy(ECHO, { routes: [] });
    const headers = { prefer: "handling=lenient, respond-asynchronously" };
    expect((await tenant.fetch("/.isola/v1/execute/main", { method: "POST", headers })).status).toBe(201);
    expect(await handedOver()).toEqual([]);
  });

  it("ends as failed where its script fails, without the script's words", async () => {
    await tenant.deploy(`export default () => { throw new Error("inner detail") }`, { dispatch: "async" });
    await tenant.get("/");
    const result = await deliver(await theOneHandedOver());
    expect(result).toMatchObject({
      outcome: "failed",
      code: "script_error",
      executionId: expect.stringMatching(/^exe_/),
    });
    expect(JSON.stringify(result)).not.toContain("inner detail");
  });

  it("keeps the status and no body where that is too long", async () => {
    const length = ASYNC_RESULT_BYTES_MAX + 1;
    await tenant.deploy(`export default () => new Response("x".repeat(${length}), { status: 203 })`, {
      dispatch: "async",
    });
    await tenant.get("/");
    expect(await deliver(await theOneHandedOver())).toMatchObject({
      outcome: "ok",
      response: { status: 203, body: "", headers: { "isola-body-dropped": "too-large" } },
    });
  });

  it("is refused in its turn where too many events led to it", async () => {
    await tenant.deploy(ECHO, { dispatch: "async" });
    await tenant.get("/");
    const result = await deliver({ ...(await theOneHandedOver()), depth: EVENT_DEPTH_MAX + 1 });
    expect(result).toMatchObject({ outcome: "refused", code: "over_budget" });
  });
});

describe("invoke without waiting", () => {
  const ISOLA = `import { invoke } from "./.isola/isola.js";`;
  const OTHER = `export default async (request, ctx) => ({ caller: ctx.caller, payload: await request.json() })`;

  it("hands the run over to the state, in the name of the run that invokes", async () => {
    const other = await tenant.deploy(OTHER, { name: "other", routes: [] });
    await tenant.deploy(
      `${ISOLA} export default async (_, ctx) => [ctx.executionId, await invoke("other", { n: 1 }, { wait: false })]`,
    );
    const [callerId, { executionId }] = await (await tenant.get("/")).json<[string, { executionId: string }]>();
    const run = await theOneHandedOver();
    expect(run).toMatchObject({
      executionId,
      scriptId: other.id,
      trigger: "invoke",
      invokeDepth: 1,
      depth: 0,
      causedBy: callerId,
    });
    const result = await deliver(run);
    const body = "response" in result ? JSON.parse(result.response?.body ?? "") : null;
    expect(body).toEqual({ caller: { script: "main", executionId: callerId }, payload: { n: 1 } });
  });

  it("goes on with the depths of invoke and of events", async () => {
    await tenant.deploy(OTHER, { name: "other", routes: [] });
    const script = await tenant.deploy(
      `${ISOLA} export default async (request, ctx) => { await invoke("other", null, { wait: false }); }`,
      { limits: { invokeDepth: 3 } },
    );
    const run = { method: "POST", path: "/", headers: {}, body: null, bodyEncoding: "utf8" as const, params: {} };
    const deep = { ...run, executionId: newId("execution"), scriptId: script.id, causedBy: "exe_1", depth: 4 };
    await deliver({ ...deep, invokeDepth: 2 });
    expect(await theOneHandedOver()).toMatchObject({ invokeDepth: 3, depth: 4 });
    expect(await deliver({ ...deep, invokeDepth: 3 })).toMatchObject({ outcome: "failed", code: "over_budget" });
    expect(await handedOver()).toEqual([]);
  });

  it("refuses a payload that is too long to keep", async () => {
    await tenant.deploy(OTHER, { name: "other", routes: [] });
    await tenant.deploy(
      `${ISOLA} export default async () => { try { await invoke("other", "x".repeat(${ASYNC_BODY_BYTES_MAX}), { wait: false }); } catch (error) { return error.code; } }`,
    );
    expect(await (await tenant.get("/")).json()).toBe("too_large");
  });
});

describe("the result of a run that nobody waited for", () => {
  const id = newId("execution");
  const runOf = (facts: Partial<AsyncRun>): AsyncRun => ({
    executionId: id,
    scriptId: "scr_1",
    state: "waiting",
    createdAt: 1,
    endedAt: null,
    attempts: 0,
    result: null,
    error: null,
    ...facts,
  });
  const result = async (run: AsyncRun | null): Promise<[number, Record<string, unknown>]> => {
    await authority.setAnswers("findAsyncRun", [{ value: run }]);
    const response = await tenant.get(`/.isola/v1/executions/${id}`);
    return [response.status, await response.json()];
  };

  it.each(["waiting", "running"] as const)("is pending while the run is %s", async (state) => {
    await authority.takeAsked("findAsyncRun");
    expect(await result(runOf({ state }))).toEqual([
      202,
      { executionId: id, state, status: "pending", createdAt: 1, endedAt: null, attempts: 0 },
    ]);
    expect(await authority.takeAsked("findAsyncRun")).toEqual([[tenant.orgId, id]]);
  });

  it("is what the script answered", async () => {
    const answer = { status: 404, headers: { "x-a": "b" }, body: "no", bodyEncoding: "utf8" as const };
    const facts = { endedAt: 2, attempts: 1, createdAt: 1 };
    expect(await result(runOf({ ...facts, state: "done", result: answer }))).toEqual([
      200,
      { executionId: id, state: "done", ...facts, ...answer, error: null },
    ]);
  });

  it("is the error where the script failed", async () => {
    const error = { code: "timeout", message: "too slow" };
    expect(await result(runOf({ state: "failed", endedAt: 2, error }))).toMatchObject([
      200,
      { state: "failed", status: null, body: null, error },
    ]);
  });

  it("is nobody's where no such run was asked for", async () => {
    expect((await result(null))[0]).toBe(404);
    await authority.takeAsked("findAsyncRun");
    for (const odd of ["exe_", "trg_00000000000000000000", "%2e%2e", "exe_0000000000000000000A"]) {
      expect((await tenant.get(`/.isola/v1/executions/${odd}`)).status, odd).toBe(404);
    }
    expect(await authority.takeAsked("findAsyncRun")).toEqual([]);
  });

  it("is read by GET alone", async () => {
    const response = await tenant.fetch(`/.isola/v1/executions/${id}`, { method: "POST" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET"]);
  });
});
