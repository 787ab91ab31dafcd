import { beforeEach, describe, expect, it } from "vitest";

import { newTenant, type Tenant } from "./testing/tenant.ts";

let tenant: Tenant;

beforeEach(async () => {
  tenant = await newTenant();
});

const module = (body: string): string => `export default { async fetch(request, env, ctx) { ${body} } };`;

describe("a Workers module", () => {
  it("answers with the response it returns", async () => {
    await tenant.deploy(module(`return new Response("hi from " + new URL(request.url).pathname)`));
    const response = await tenant.get("/a/b");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("hi from /a/b");
  });

  it("reads the request's method, headers and body", async () => {
    await tenant.deploy(
      module(`return Response.json([request.method, request.headers.get("x-a"), await request.text()])`),
    );
    const response = await tenant.fetch("/", { method: "POST", headers: { "x-a": "1" }, body: "text" });
    expect(await response.json()).toEqual(["POST", "1", "text"]);
  });

  it("sends redirects to the caller instead of following them", async () => {
    await tenant.deploy(module(`return new Response(null, { status: 302, headers: { location: "/there" } })`));
    const response = await tenant.get("/");
    expect(response.status).toBe(302);
    expect(response.headers.get("location")).toBe("/there");
  });

  it("streams its answer", async () => {
    await tenant.deploy(
      module(`
        const { readable, writable } = new TransformStream();
        const writer = writable.getWriter();
        const encode = (text) => new TextEncoder().encode(text);
        ctx.waitUntil((async () => {
          await writer.write(encode("one "));
          await scheduler.wait(20);
          await writer.write(encode("two"));
          await writer.close();
        })());
        return new Response(readable);`),
    );
    const response = await tenant.get("/");
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toBe("one ");
    const second = await reader?.read();
    expect(new TextDecoder().decode(second?.value)).toBe("two");
  });

  it("looks the same from the first request on, whether or not it prints", async () => {
    const answers = async (source: string): Promise<unknown[]> => {
      await tenant.deploy(source);
      const seen = [];
      for (let index = 0; index < 3; index++) {
        const response = await tenant.fetch("/", { method: "POST", body: "b" });
        seen.push([response.status, [...response.headers], await response.text()]);
      }
      return seen;
    };
    const body = `return new Response(await request.text(), { status: 201, headers: { "x-a": "1" } })`;
    const quiet = await answers(module(body));
    expect(quiet[0]).toEqual([
      201,
      [
        ["content-type", "text/plain;charset=UTF-8"],
        ["x-a", "1"],
      ],
      "b",
    ]);
    expect(quiet).toEqual([quiet[0], quiet[0], quiet[0]]);
    expect(await answers(module(`console.log("x"); ${body}`))).toEqual(quiet);
  });

  it("may encode its answer itself", async () => {
    await tenant.deploy(
      module(`const body = new Response("plain").body.pipeThrough(new CompressionStream("gzip"));
        return new Response(body, { headers: { "content-encoding": "gzip" }, encodeBody: "manual" })`),
    );
    for (let index = 0; index < 2; index++) expect(await (await tenant.get("/")).text()).toBe("plain");
  });

  it("may encode its answer itself, and lose a cookie that is not its own", async () => {
    await tenant.deploy(
      module(`const body = new Response("plain").body.pipeThrough(new CompressionStream("gzip"));
        const headers = { "content-encoding": "gzip", "set-cookie": "a=b; Domain=localhost" };
        return new Response(body, { headers, encodeBody: "manual" })`),
    );
    for (let index = 0; index < 2; index++) expect(await (await tenant.get("/")).text()).toBe("plain");
  });

  it("speaks WebSocket", async () => {
    await tenant.deploy(
      module(`
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        server.addEventListener("message", (event) => server.send("echo " + event.data));
        return new Response(null, { status: 101, webSocket: client });`),
    );
    const response = await tenant.fetch("/", { headers: { upgrade: "websocket" } });
    expect(response.status).toBe(101);
    const socket = response.webSocket;
    if (socket === null) throw new Error("no socket");
    const heard = new Promise((done) => socket.addEventListener("message", (event) => done(event.data)));
    socket.accept();
    socket.send("hello");
    expect(await heard).toBe("echo hello");
    socket.close();
  });

  it("may be a class that extends WorkerEntrypoint", async () => {
    await tenant.deploy(`import { WorkerEntrypoint } from "cloudflare:workers";
      export default class extends WorkerEntrypoint { fetch(request) { return new Response("class"); } }`);
    expect(await (await tenant.get("/")).text()).toBe("class");
  });

  it("imports its other files", async () => {
    await tenant.deploy({
      "src/index.js": `import { name } from "./lib/name.js"; export default { fetch: () => new Response(name) };`,
      "src/lib/name.js": `export const name = "several files";`,
    });
    expect(await (await tenant.get("/")).text()).toBe("several files");
  });
});

describe("a plain function", () => {
  const answer = async (body: string, path = "/"): Promise<Response> => {
    await tenant.deploy(`export default async (request, ctx) => { ${body} };`, { routes: ["/*", "/users/:id"] });
    return tenant.get(path);
  };

  it("returns a Response as it is", async () => {
    const response = await answer(`return new Response("x", { status: 418 })`);
    expect(response.status).toBe(418);
  });

  it("returns a map with statusCode as status, headers and body", async () => {
    const response = await answer(`return { statusCode: 201, headers: { "x-a": "b" }, body: { made: true } }`);
    expect(response.status).toBe(201);
    expect(response.headers.get("x-a")).toBe("b");
    expect(await response.json()).toEqual({ made: true });
  });

  it.each([
    [`"text"`, "text"],
    [`{ a: 1 }`, { a: 1 }],
    [`[1, 2]`, [1, 2]],
    [`null`, null],
    [`undefined`, null],
    [`7`, 7],
    [`false`, false],
  ])("returns %s as JSON with status 200", async (expression, value) => {
    const response = await answer(`return ${expression}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual(value);
  });

  it("gets the captures of the route", async () => {
    const response = await answer(`return ctx.params`, "/users/a%20b");
    expect(await response.json()).toEqual({ id: "a b" });
  });

  it("gets its execution id, its script and its version", async () => {
    const response = await answer(`return [ctx.executionId, ctx.script]`);
    expect(await response.json()).toEqual([expect.stringMatching(/^exe_/), { name: "main", version: 1 }]);
  });

  it.each([
    `{ statusCode: 99 }`,
    `{ statusCode: "200" }`,
    `{ statusCode: 600 }`,
    `{ statusCode: 200.5 }`,
    `1n`,
    `() => 1`,
  ])("fails with 502 on %s", async (expression) => {
    const response = await answer(`return ${expression}`);
    expect(response.status).toBe(502);
  });

  it.each([204, 205, 304])("answers %i without a body even when the map has one", async (status) => {
    const response = await answer(`return { statusCode: ${status}, body: "ignored" }`);
    expect(response.status).toBe(status);
    expect(await response.text()).toBe("");
  });
});

describe("a script that fails", () => {
  const failing = async (source: string, wallClockMs = 5_000): Promise<{ status: number; text: string }> => {
    await tenant.deploy(source, { wallClockMs });
    const response = await tenant.get("/");
    return { status: response.status, text: await response.text() };
  };

  it.each([
    ["throws", module(`throw new Error("secret detail")`)],
    ["rejects", `export default () => Promise.reject(new TypeError("secret detail"))`],
    ["throws what is no error", `export default () => { throw "secret detail" }`],
    ["throws while it loads", `throw new Error("secret detail"); export default {}`],
    ["returns no response", module(`return "secret detail"`)],
    ["exports no handler", `export default { other: "secret detail" }`],
    ["recurses for ever", `const f = () => f(); export default f`],
    ["imports what is not there", `import "./secret detail.js"; export default () => 1`],
  ])("that %s is answered 502 without its words", async (_, source) => {
    const { status, text } = await failing(source);
    expect(status).toBe(502);
    const body = JSON.parse(text) as { error: { code: string; requestId: string } };
    expect(body.error.code).toBe("script_error");
    expect(body.error.requestId).toMatch(/^exe_/);
    expect(text).not.toContain("secret detail");
  });

  it("that waits for ever is answered 504", async () => {
    expect((await failing(`export default () => new Promise(() => {})`)).status).toBe(504);
  });

  it("that takes longer than its wall clock is answered 504", async () => {
    const { status, text } = await failing(`export default () => scheduler.wait(60_000)`, 50);
    expect(status).toBe(504);
    expect(text).toContain("within 50 ms");
  });

  it("does not spoil its next run", async () => {
    await tenant.deploy(
      `let count = 0; export default () => { if (count++ === 0) throw new Error("once"); return count; }`,
    );
    expect((await tenant.get("/")).status).toBe(502);
    expect(await (await tenant.get("/")).json()).toBe(2);
  });
});
