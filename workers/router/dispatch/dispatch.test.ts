import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";

import type { DispatchDoor } from "../../../contracts/doors.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

const { Dispatch } = exports as unknown as { Dispatch: (options: object) => DispatchDoor };

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
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

  it("gives the captures that a route to the script would give", async () => {
    const script = await tenant.deploy(`export default (request, ctx) => ctx.params`, { routes: ["POST /users/:id"] });
    const asked = { ...request(script.id), path: "/users/a%20b?q=1" };
    expect((await Dispatch({}).invoke(asked)).body).toBe('{"id":"a b"}');
    expect((await Dispatch({}).invoke({ ...asked, path: "/elsewhere" })).body).toBe("{}");
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

  it("takes a body of bytes as it was", async () => {
    const script = await tenant.deploy(`export default async (request) => [...await request.bytes()]`);
    const bytes = { ...request(script.id), method: "POST", body: "AP+A", bodyEncoding: "base64" as const };
    expect((await Dispatch({}).invoke(bytes)).body).toBe("[0,255,128]");
  });

  it.each([
    { method: "GET", body: "x" },
    { headers: { "not a name": "x" } },
    { headers: { a: "b\nc" } },
    { method: "CONNECT" },
    { method: "POST", body: "%", bodyEncoding: "base64" as const },
  ])("refuses what no client could send: %o", async (odd) => {
    const script = await tenant.deploy(`export default () => 1`);
    const answer = Dispatch({}).invoke({ ...request(script.id), ...odd });
    const refusal: unknown = await answer.then(
      () => null,
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ code: "invalid" });
  });
});

describe("an event that is run again", () => {
  it("goes to the handler of events, as a replay, and answers with its lines", async () => {
    const script = await tenant.deploy(
      `export default { event({ next }) { console.log("handled", next); if (next === 2) throw new Error("no"); } }`,
    );
    const { orgId, slug } = tenant;
    const replay = (next: number) =>
      Dispatch({}).invoke({
        orgId,
        slug,
        scriptId: script.id,
        method: "POST",
        path: "/",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ kind: "kv", depth: 99, next }),
        event: "kv",
        replayOf: "exe_00000000000000000000",
      });
    expect(await replay(1)).toMatchObject({ status: 200, body: "", error: null, lines: [{ text: "handled 1" }] });
    expect(await replay(2)).toMatchObject({ status: 502, error: { message: "no" } });
  });
});
