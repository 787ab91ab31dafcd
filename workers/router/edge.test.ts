import { env } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";

import type { DispatchDoor } from "../../contracts/doors.ts";
import type { ErrorBody } from "../../contracts/errors.ts";
import { TENANT_BODY_BYTES_MAX } from "../../contracts/limits.ts";
import { deliverLog } from "./log/delivery.ts";
import type { RouterEnv } from "./env.ts";
import { authority, newTenant, type Tenant } from "./testing/tenant.ts";

const routerEnv = env as unknown as RouterEnv;
const { default: router, Dispatch } = exports as unknown as {
  default: Fetcher;
  Dispatch: (options: object) => DispatchDoor;
};

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
});

const errorOf = async (response: Response): Promise<ErrorBody["error"]> => (await response.json<ErrorBody>()).error;

describe("hosts", () => {
  const statusOf = async (host: string): Promise<number> => {
    const response = await router.fetch(`http://${host}/.isola/healthz`, { redirect: "manual" });
    await response.text();
    return response.status;
  };

  it("finds a tenant by port, upper case and trailing dot alike", async () => {
    expect(await statusOf(`${tenant.slug}.localhost:8787`)).toBe(200);
    expect(await statusOf(`${tenant.slug.toUpperCase()}.LocalHost`)).toBe(200);
    expect(await statusOf(`${tenant.slug}.localhost.`)).toBe(200);
  });

  it.each([
    "nobody.localhost",
    "a.b.localhost",
    "xn--bcher-kva.localhost",
    "127.0.0.1",
    "example.com",
    `${"a".repeat(60)}.localhost`,
  ])("answers 404 on %s", async (host) => {
    expect(await statusOf(host)).toBe(404);
  });

  it("sends the control plane's host to the control plane", async () => {
    const response = await router.fetch("http://app.localhost:8787/api/v1/me");
    expect(await response.text()).toBe("control plane: /api/v1/me");
  });

  it("sends the bare domain to the control plane's host", async () => {
    const response = await router.fetch("http://localhost:8787/x?y", { redirect: "manual" });
    expect(response.headers.get("location")).toBe("http://app.localhost:8787/x?y");
  });

  it("says 503 when the control plane is down", async () => {
    await authority.setFailing(["fetch"]);
    const response = await router.fetch("http://app.localhost/");
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
  });

  it("shows a browser a page and everyone else JSON", async () => {
    const page = await router.fetch("http://nobody.localhost/", { headers: { accept: "text/html,*/*" } });
    expect(page.headers.get("content-type")).toContain("text/html");
    const json = await router.fetch("http://nobody.localhost/");
    expect((await errorOf(json)).code).toBe("not_found");
  });
});

describe("an org", () => {
  it("without scripts welcomes its first visitor with 200", async () => {
    const response = await tenant.get("/");
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ org: tenant.slug });
  });

  it("answers 404 where no route matches, and 405 with Allow where only the method is wrong", async () => {
    await tenant.deploy(`export default () => 1`, { routes: ["GET /a", "PUT /a"] });
    expect((await tenant.get("/b")).status).toBe(404);
    const wrong = await tenant.fetch("/a", { method: "DELETE" });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("GET, HEAD, PUT");
  });

  it("is gone from its host while it is being destroyed", async () => {
    await tenant.publish("destroying");
    expect((await tenant.get("/")).status).toBe(404);
  });

  it("keeps answering from the last known record when the authority is down", async () => {
    await tenant.deploy(`export default () => "still here"`);
    expect((await tenant.get("/")).status).toBe(200);
    await authority.setFailing(["findOrg", "projection"]);
    await scheduler.wait(1_050);
    expect(await (await tenant.get("/")).json()).toBe("still here");
  });

  it("that nobody knows yet is 503 with Retry-After while the authority is down, and 200 after", async () => {
    const fresh = await newTenant();
    await authority.setFailing(["findOrg"]);
    const response = await fresh.get("/");
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    await authority.setFailing([]);
    expect((await fresh.get("/")).status).toBe(200);
  });

  it("is asked after once a second and not with every request", async () => {
    await tenant.deploy(`export default () => 1`);
    await tenant.get("/");
    const before = await authority.callsOf("findOrg");
    for (let index = 0; index < 5; index++) await tenant.get("/");
    expect(await authority.callsOf("findOrg")).toBe(before);
  });

  it("that was unknown answers within a second after it was made", async () => {
    const later = await newTenant();
    await authority.removeOrg(later.slug);
    expect((await later.get("/")).status).toBe(404);
    await authority.setOrg({
      orgId: later.orgId,
      slug: later.slug,
      state: "running",
      revision: 9,
      routes: [],
      scripts: {},
    });
    expect((await later.get("/")).status).toBe(404);
    await scheduler.wait(1_050);
    expect((await later.get("/")).status).toBe(200);
  });
});

describe("the reserved surface", () => {
  it("answers health and version", async () => {
    expect(await (await tenant.get("/.isola/healthz")).text()).toBe("ok\n");
    expect(await (await tenant.get("/.isola/version")).json()).toEqual({ product: "isola", version: "test" });
  });

  it.each(["/.isola", "/.isola/", "/.isola/other", "/.isola/v1/executed"])("keeps %s from the tenant", async (path) => {
    await tenant.deploy(`export default () => "mine"`);
    expect((await tenant.get(path)).status).toBe(404);
  });

  it("executes a script by name and by id, whatever the routes say, at the path behind its name", async () => {
    const script = await tenant.deploy(
      `export default async (request) => [new URL(request.url).pathname, new URL(request.url).search, await request.text()]`,
      { routes: [] },
    );
    const post = async (path: string): Promise<unknown> =>
      (await tenant.fetch(path, { method: "POST", body: "b" })).json();
    expect(await post("/.isola/v1/execute/main")).toEqual(["/", "", "b"]);
    expect(await post(`/.isola/v1/execute/${script.id}/x/y?z=1`)).toEqual(["/x/y", "?z=1", "b"]);
  });

  it("refuses to execute by GET, an unknown script, a module, and another org's script", async () => {
    const module = await tenant.deploy(`export const x = 1`, { name: "lib", kind: "module", routes: [] });
    const other = await newTenant();
    const foreign = await other.deploy(`export default () => "theirs"`, { routes: [] });
    const get = await tenant.get("/.isola/v1/execute/main");
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    for (const id of ["nothing", module.id, foreign.id, "__proto__", "constructor", "toString"]) {
      const response = await tenant.fetch(`/.isola/v1/execute/${id}`, { method: "POST" });
      expect(response.status, id).toBe(404);
      await response.text();
    }
  });
});

describe("bounds", () => {
  it("refuses a body over the limit by its declared length", async () => {
    await tenant.deploy(`export default async (request) => (await request.arrayBuffer()).byteLength`);
    const response = await tenant.fetch("/", { method: "POST", body: new Uint8Array(TENANT_BODY_BYTES_MAX + 1) });
    expect(response.status).toBe(413);
    expect((await errorOf(response)).details).toEqual({ limitBytes: TENANT_BODY_BYTES_MAX });
  });

  it("refuses a body over the limit that declares no length", async () => {
    await tenant.deploy(`export default async (request) => (await request.arrayBuffer()).byteLength`);
    const chunk = new Uint8Array(1024 * 1024);
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (sent++ > 10) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const response = await tenant.fetch("/", { method: "POST", body });
    expect(response.status).toBe(413);
  });

  it("lets a body at the limit through", async () => {
    await tenant.deploy(`export default async (request) => (await request.arrayBuffer()).byteLength`);
    const response = await tenant.fetch("/", { method: "POST", body: new Uint8Array(TENANT_BODY_BYTES_MAX) });
    expect(await response.json()).toBe(TENANT_BODY_BYTES_MAX);
  });
});

describe("cookies", () => {
  it("of a tenant stay on its host", async () => {
    await tenant.deploy(`export default { fetch() {
      const headers = new Headers();
      headers.append("set-cookie", "own=1; Path=/");
      headers.append("set-cookie", "parent=1; Domain=localhost");
      headers.append("set-cookie", "dotted=1; domain=.LocalHost; Path=/");
      headers.append("set-cookie", "sibling=1; Domain=other.localhost");
      headers.append("set-cookie", "named=1; Domain=${tenant.host}");
      headers.append("set-cookie", "twice=1; Domain=${tenant.host}; Domain=localhost");
      return new Response("x", { headers, status: 201 });
    } }`);
    const response = await tenant.get("/");
    expect(response.status).toBe(201);
    const names = response.headers.getSetCookie().map((cookie) => cookie.split("=")[0]);
    expect(names).toEqual(["own", "named"]);
  });
});

describe("the log", () => {
  const delivered = async () => {
    // Lines come from the isolate after the response.
    await scheduler.wait(50);
    await deliverLog(routerEnv.STATE);
    const batches = (await authority.takeLog()).filter((batch) => batch.orgId === tenant.orgId);
    return { records: batches.flatMap((batch) => batch.records), lines: batches.flatMap((batch) => batch.lines) };
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

describe("isolation", () => {
  const tried = async (body: string): Promise<unknown> => {
    await tenant.deploy(`import * as workers from "cloudflare:workers";
      export default async (request, ctx) => { try { ${body} } catch (error) { return "refused: " + error.message } }`);
    return (await tenant.get("/")).json();
  };

  it("gives a script no bindings of its own making", async () => {
    expect(await tried(`return [Object.keys(ctx.env), typeof process, Object.keys(globalThis.env ?? {})]`)).toEqual([
      [],
      "undefined",
      [],
    ]);
  });

  it.each([
    ["http://127.0.0.1:1/", "loopback"],
    ["http://2130706433/", "loopback"],
    ["http://0x7f.1/", "loopback"],
    ["http://[::1]/", "loopback"],
    ["http://localhost:8787/", "loopback"],
    ["http://app.localhost/", "loopback"],
    ["http://10.1.2.3/", "private"],
    ["http://192.168.0.1/", "private"],
    ["http://169.254.169.254/latest/meta-data", "link-local"],
    ["http://[::ffff:127.0.0.1]/", "reserved"],
    ["http://[64:ff9b::7f00:1]/", "reserved"],
    ["http://100.64.0.1/", "private"],
    ["http://metadata.google.internal/", "private"],
    ["http://0.0.0.0/", "reserved"],
  ])("keeps a script's fetch from %s and names only the category", async (url, category) => {
    const result = String(await tried(`return (await fetch(${JSON.stringify(url)})).status`));
    expect(result).toContain(`may not reach a ${category} address`);
    expect(result).not.toContain(new URL(url).hostname.replace(/[[\]]/g, ""));
  });

  it("refuses raw sockets", async () => {
    const result = await tried(`const { connect } = await import("cloudflare:sockets");
      const socket = connect("127.0.0.1:1"); await socket.opened;
      const { done } = await socket.readable.getReader().read(); return done ? "refused: closed" : "connected"`);
    expect(String(result)).toMatch(/^refused/);
  });

  it("refuses eval, Function and WebAssembly made at run time", async () => {
    expect(String(await tried(`return eval("1")`))).toMatch(/^refused/);
    expect(String(await tried(`return new Function("return 1")()`))).toMatch(/^refused/);
    expect(String(await tried(`return new WebAssembly.Module(new Uint8Array([0,97,115,109,1,0,0,0])) && 1`))).toMatch(
      /^refused/,
    );
  });

  it("lets a script that spoils its console binding spoil its own log only", async () => {
    const other = await newTenant();
    const result = await tried(`
      const sink = workers.env.__ISOLA_CONSOLE;
      const bad = [null, 1, {}, [{ at: "x" }], [{ at: 1, level: "boom", text: "t" }], "lines"];
      for (const lines of bad) await sink.write("exe_00000000000000000000", lines);
      await sink.write({ toString: () => "${other.orgId}" }, []);
      await sink.write("${other.orgId}", [{ at: 1, level: "log", text: "forged" }]);
      return "tried"`);
    expect(result).toBe("tried");
    await deliverLog(routerEnv.STATE);
    const batches = await authority.takeLog();
    expect(JSON.stringify(batches)).not.toContain("forged");
    expect(batches.filter((batch) => batch.orgId === other.orgId)).toEqual([]);
  });

  it("keeps no world between two orgs with the same source", async () => {
    const other = await newTenant();
    const source = `let count = 0; export default () => ++count`;
    await tenant.deploy(source);
    await other.deploy(source);
    await tenant.get("/");
    expect(await (await tenant.get("/")).json()).toBe(2);
    expect(await (await other.get("/")).json()).toBe(1);
  });

  it("cannot be told an execution id by a client", async () => {
    await tenant.deploy(`export default (request, ctx) => [ctx.executionId, ctx.params]`);
    const response = await tenant.fetch("/", { headers: { "cf-isola": "x", "x-isola-fault": "1" } });
    expect(response.status).toBe(200);
    expect((await response.json<string[]>())[0]).toMatch(/^exe_/);
  });
});

describe("invoke", () => {
  const request = (scriptId: string) => ({
    orgId: tenant.orgId,
    slug: tenant.slug,
    scriptId,
    method: "POST",
    path: "/p?q=1",
    headers: { "x-a": "b" },
    body: "text",
  });

  it("answers with the response, the lines and the time", async () => {
    const script = await tenant.deploy(`export default async (request) => { console.log("seen"); return new Response(
      [request.method, request.url, request.headers.get("x-a"), await request.text()].join(" "), { status: 201 }) }`);
    const result = await Dispatch({}).invoke(request(script.id));
    expect(result).toMatchObject({
      status: 201,
      body: `POST http://${tenant.host}/p?q=1 b text`,
      bodyEncoding: "utf8",
      truncated: false,
      lines: [{ level: "log", text: "seen" }],
      error: null,
    });
  });

  it("answers with the error and the lines of a script that failed", async () => {
    const script = await tenant.deploy(`export default () => { console.log("seen"); throw new Error("boom"); }`);
    const result = await Dispatch({}).invoke(request(script.id));
    expect(result).toMatchObject({ status: 502, lines: [{ text: "seen" }], error: { message: "boom" } });
  });

  it("carries bytes as base 64 and cuts what is too long", async () => {
    const script = await tenant.deploy(`export default (request) => new Response(new Uint8Array([0, 255]))`);
    expect(await Dispatch({}).invoke(request(script.id))).toMatchObject({ body: "AP8=", bodyEncoding: "base64" });
    const long = await tenant.deploy(`export default (request) => new Response("é".repeat(700_000))`);
    const result = await Dispatch({}).invoke(request(long.id));
    expect(result.truncated).toBe(true);
    expect(result.bodyEncoding).toBe("utf8");
    expect(result.body).toHaveLength(524_288);
  });

  it("runs a script that was deployed a moment ago, and no script of another org", async () => {
    const other = await newTenant();
    const foreign = await other.deploy(`export default () => 1`);
    const refused = async (asked: ReturnType<typeof request>): Promise<string> => {
      try {
        await Dispatch({}).invoke(asked);
        return "answered";
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(await refused(request(foreign.id))).toContain("no such script");
    expect(await refused({ ...request(foreign.id), slug: other.slug })).toContain("no such script");
  });

  it("forgets a slug when it is told to, so that a change is live at once", async () => {
    await tenant.deploy(`export default () => 1`);
    await tenant.get("/");
    await authority.removeOrg(tenant.slug);
    expect((await tenant.get("/")).status).toBe(200);
    await Dispatch({}).forget(tenant.slug);
    expect((await tenant.get("/")).status).toBe(404);
  });
});
