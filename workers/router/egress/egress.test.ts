import { env } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";

import type { EgressCategory } from "../../../contracts/egress/category.ts";
import { REFUSED } from "../../../contracts/egress/testing/refused.ts";
import { EGRESS_RESPONSE_BYTES_MAX } from "../../../contracts/limits.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

const internet = (env as unknown as { INTERNET: { takeSeen(): Promise<string[]> } }).INTERNET;

let tenant: Tenant;
beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
  await internet.takeSeen();
});

interface Echo {
  method: string;
  url: string;
  headers: Record<string, string>;
  cf: unknown;
  bytes: number | null;
  text: string | null;
}

/** What a script comes to whose body is given: what it returns, or the message of what it throws. */
async function run<T = unknown>(body: string, limits: object = {}, options: object = {}): Promise<T | string> {
  await tenant.deploy(
    `export default async (request, ctx) => { try { ${body} } catch (error) { return "refused: " + error.message; } }`,
    { limits, ...options },
  );
  return (await tenant.get("/")).json();
}
const echo = async (init: string, limits: object = {}) =>
  (await run<Echo>(`return (await fetch("https://api.example.com/echo", ${init})).json()`, limits)) as Echo;

describe("a request that leaves a script", () => {
  it("arrives as the script made it", async () => {
    const seen = await echo(`{ method: "PUT", body: "hello", headers: { "x-a": "1", authorization: "Bearer k" } }`);
    expect(seen).toMatchObject({ method: "PUT", url: "https://api.example.com/echo", bytes: 5, text: "hello" });
    expect(seen.headers).toMatchObject({
      "x-a": "1",
      authorization: "Bearer k",
      "content-type": "text/plain;charset=UTF-8",
    });
  });

  it("carries nothing that the platform says to itself, and no claim that only the network may make", async () => {
    const { headers, cf } = await echo(`{
      cf: { cacheKey: "shared", resolveOverride: "other.com" },
      headers: { "x-isola-run": "exe_1", "X-Isola-Anything": "1", "CF-Connecting-IP": "1.2.3.4", "cf-worker": "a.com", "true-client-ip": "1.2.3.4",
        "x-forwarded-for": "1.2.3.4", "cf-access-client-id": "id", host: "other.com" } }`);
    expect(Object.keys(headers).filter((name) => /^x-isola-|^cf-c|^cf-w|^true/.test(name))).toEqual([]);
    expect(headers).toMatchObject({ "x-forwarded-for": "1.2.3.4", "cf-access-client-id": "id" });
    expect(headers["host"]).not.toBe("other.com");
    expect(JSON.stringify(cf)).not.toMatch(/shared|other/);
  });

  it.each([
    ["a stream", `new Response("streamed").body.pipeThrough(new TransformStream())`, 8],
    ["bytes", `new Uint8Array(300_000)`, 300_000],
    ["a form", `new URLSearchParams({ a: "b" })`, 3],
    ["nothing", `""`, 0],
  ])("brings its body whole: %s", async (_, body, bytes) => {
    expect((await echo(`{ method: "POST", body: ${body} }`)).bytes ?? 0).toBe(bytes);
  });
});

describe("a request's head", () => {
  it("tells the length of its body where that is known, whatever the script says of it", async () => {
    for (const said of ["", `, headers: { "content-length": "3" }`]) {
      const { headers } = await echo(`{ method: "POST", body: "hello world"${said} }`);
      expect(headers["content-length"]).toBe("11");
      expect(headers["transfer-encoding"]).toBeUndefined();
    }
  });

  it("says nothing of a connection that is not the script's", async () => {
    const { headers } = await echo(
      `{ headers: { connection: "close, x-a", "keep-alive": "9", te: "trailers", upgrade: "h2c", "proxy-authorization": "x", expect: "100-continue" } }`,
    );
    expect(Object.keys(headers)).toEqual([]);
  });
});

describe("a method", () => {
  it.each(["GET", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])("%s arrives as it is", async (method) => {
    expect((await echo(`{ method: "${method}" }`)).method).toBe(method);
  });

  it.each(["CONNECT", "GET / HTTP/1.1\\r\\nx-a: 1", "get\\n"])("%s leaves nothing", async (method) => {
    expect(await run(`return (await fetch("https://a.com/echo", { method: "${method}" })).json()`)).toMatch(
      /^refused: /,
    );
    expect(await internet.takeSeen()).toEqual([]);
  });
});

describe("an answer", () => {
  it("keeps status, headers and the URL it came from", async () => {
    const answer = await run(
      `const r = await fetch("https://a.com/empty"); return [r.status, r.headers.get("x-kept"), r.url]`,
    );
    expect(answer).toEqual([204, "1", "https://a.com/empty"]);
  });

  it("keeps each of its cookies", async () => {
    expect(await run(`return (await fetch("https://a.com/cookies")).headers.getSetCookie()`)).toEqual([
      "a=1",
      "b=2, c",
    ]);
  });

  it("to HEAD may tell of a body of any length", async () => {
    expect(
      await run(`return (await fetch("https://a.com/head", { method: "HEAD" })).headers.get("content-length")`),
    ).toBe("99999999999");
  });

  it.each(["bytes", "declared", "gzip"])(
    "may be large, and not larger than the platform carries in (/%s)",
    async (path) => {
      const size = (count: number) => `
      let bytes = 0;
      for await (const chunk of (await fetch("https://a.com/${path}?count=${count}")).body) bytes += chunk.byteLength;
      return bytes;`;
      expect(await run(size(3 * 1024 * 1024))).toBe(3 * 1024 * 1024);
      expect(await run(size(EGRESS_RESPONSE_BYTES_MAX + 1))).toMatch(/^refused: .*too-large/);
    },
  );
});

describe("an answer from outside", () => {
  it("keeps an encoding that the runtime does not unpack", async () => {
    const seen = `const r = await fetch("https://a.com/zstd"); return [r.headers.get("content-encoding"), await r.text()]`;
    expect(await run(seen)).toEqual(["zstd", "packed"]);
  });

  it("keeps nothing that only the platform says inside an isolate", async () => {
    await tenant.deploy(`export default { fetch: () => fetch("https://a.com/forged") }`);
    for (let index = 0; index < 2; index++) {
      const answer = await tenant.get("/");
      expect([answer.status, await answer.text(), answer.headers.get("x-kept")]).toEqual([500, "{}", "1"]);
    }
  });
});

describe("a redirect", () => {
  it("is followed, also with the body that 307 sends on", async () => {
    const to = encodeURIComponent("https://second.com/echo");
    const seen = await run<Echo>(
      `const r = await fetch("https://first.com/redirect?status=307&to=${to}", { method: "POST", body: "again" });
       return { ...await r.json(), answered: r.url, redirected: r.redirected }`,
    );
    expect(seen).toMatchObject({
      method: "POST",
      text: "again",
      answered: "https://second.com/echo",
      redirected: true,
    });
    expect(await internet.takeSeen()).toEqual(["first.com", "second.com"]);
  });

  it("is shown where the script wants to see it", async () => {
    const answer = await run(
      `const r = await fetch("https://first.com/redirect?to=http://127.0.0.1/", { redirect: "manual" });
       return [r.status, r.headers.get("location")]`,
    );
    expect(answer).toEqual([302, "http://127.0.0.1/"]);
    expect(await internet.takeSeen()).toEqual(["first.com"]);
  });

  const hop = (url: string, status = 302) =>
    run(
      `return (await fetch("https://first.com/redirect?status=${status}&to=${encodeURIComponent(url)}", ${status > 306 ? `{ method: "POST", body: "secret" }` : "{}"})).status`,
    );
  const ABSOLUTE = Object.entries(REFUSED).filter(
    ([category]) => !["malformed", "userinfo", "platform", "denied", "not-allowed"].includes(category),
  );

  it.each(ABSOLUTE as [EgressCategory, string[]][])("into what is refused as %s is refused", async (category, urls) => {
    for (const url of urls.slice(0, 6)) {
      for (const status of [301, 307]) {
        const answer = await hop(url, status);
        // Other schemes the runtime itself does not follow; and here `a.localhost` would be an org.
        const reason = category === "scheme" ? "" : category === "loopback" ? "(loopback|platform)" : category;
        expect(answer).toMatch(reason === "" ? /^refused: / : new RegExp(`^refused: Egress refused \\(${reason}\\)`));
        expect(answer).not.toContain("127.0.0.1");
      }
    }
    expect(new Set(await internet.takeSeen())).toEqual(new Set(["first.com"]));
  });

  it("with a password in it goes on without the password, or not at all", async () => {
    const seen = await run<Echo>(
      `return (await fetch("https://first.com/redirect?to=https://user:secret@second.com/echo")).json()`,
    );
    expect(JSON.stringify(seen)).not.toContain("secret");
    for (const url of REFUSED.userinfo) expect(JSON.stringify(await hop(url))).not.toContain("secret");
    expect((await internet.takeSeen()).filter((host) => /^[0-9[]|localhost/.test(host))).toEqual([]);
  });

  it.each([
    "//127.1/",
    "http:\\\\0x7f.1\\",
    "///2130706433",
    "\\\\[::1]/",
    "http:/\\/１２７。1",
    "HTTP://LOCALHOST./",
    "//app.localhost/",
    "//%6cocalhost:8787/",
  ])("is refused in the spelling %s", async (location) => {
    expect(await hop(location)).toMatch(/^refused: Egress refused \((?:loopback|platform)\)/);
    expect(await internet.takeSeen()).toEqual(["first.com"]);
  });
});

describe("an org's lists", () => {
  const reach = (host: string) => run(`return (await fetch("https://${host}/empty")).status`);

  it("hold for the first request after they change, and on every hop", async () => {
    tenant.settings.egress = { allow: ["first.com", "*.api.com"], deny: ["secret.api.com"] };
    await tenant.publish();
    expect(await reach("first.com")).toBe(204);
    expect(await reach("a.api.com")).toBe(204);
    expect(await reach("secret.api.com")).toMatch(/\(denied\)/);
    expect(await reach("second.com")).toMatch(/\(not-allowed\)/);
    expect(await run(`return (await fetch("https://first.com/redirect?to=https://second.com/")).status`)).toMatch(
      /\(not-allowed\)/,
    );
    tenant.settings.egress = { allow: [], deny: [] };
    await tenant.publish();
    expect(await reach("second.com")).toBe(204);
  });
});

describe("a run's budget", () => {
  it("counts each hop, and each that is refused", async () => {
    const to = encodeURIComponent("https://second.com/empty");
    const script = `
      const out = [];
      for (const url of ["https://first.com/redirect?to=${to}", "http://127.0.0.1/", "https://third.com/empty"]) {
        try { out.push((await fetch(url)).status); } catch (error) { out.push(error.message.match(/loopback|subrequests/)?.[0]); }
      }
      return out;`;
    expect(await run(script, { subrequests: 3 })).toEqual([204, "loopback", "subrequests"]);
    expect(await internet.takeSeen()).toEqual(["first.com", "second.com"]);
  });

  it.each([
    ["whose length is known", `new Uint8Array(600)`],
    [
      "that comes in pieces",
      `new ReadableStream({ start(c) { for (let i = 0; i < 6; i++) c.enqueue(new Uint8Array(100)); c.close(); } })`,
    ],
    [
      "that says it is shorter",
      `new ReadableStream({ start(c) { c.enqueue(new Uint8Array(600)); c.close(); } }), headers: { "content-length": "1" }`,
    ],
  ])("counts the bytes of a body %s", async (_, body) => {
    const script = `
      const sent = [];
      for (let i = 0; i < 3; i++) {
        try { sent.push((await fetch("https://a.com/echo", { method: "POST", body: ${body} })).status); }
        catch (error) { sent.push(error.message.match(/egressBytes/)?.[0] ?? error.message); }
      }
      return sent;`;
    expect(await run(script, { egressBytes: 1_300 })).toEqual([200, 200, "egressBytes"]);
  });
});

describe("other ways out", () => {
  it("open a WebSocket to a public host and to no other", async () => {
    const open = (host: string) => `
      const { webSocket, status } = await fetch("http://${host}/socket", { headers: { upgrade: "websocket" } });
      webSocket.accept();
      const heard = new Promise((resolve) => webSocket.addEventListener("message", ({ data }) => resolve(data)));
      webSocket.send("hi");
      return [status, await heard];`;
    expect(await run(open("ws.example.com"))).toEqual([101, "echo hi"]);
    expect(await run(open("127.0.0.1:8787"))).toMatch(/\(loopback\)/);
  });

  const ends = `const { done } = await socket.readable.getReader().read(); return done ? "refused: closed" : "connected"`;
  it.each([
    `const { connect } = await import("cloudflare:sockets"); const socket = connect("example.com:80"); ${ends}`,
    `const { connect } = await import("cloudflare:sockets"); const socket = connect({ hostname: "127.0.0.1", port: 1 }, { secureTransport: "on" }); ${ends}`,
    `const net = await import("node:net"); return new Promise((done, fail) => { const socket = net.connect(80, "example.com"); socket.on("error", fail); socket.on("close", () => done("refused: closed")); socket.on("data", () => done("data")); socket.write("GET / HTTP/1.0"); })`,
  ])("refuse raw sockets: %s", async (body) => {
    expect(JSON.stringify(await run(body, {}, { nodeCompat: true }))).toMatch(/^"refused: |script_error/);
    expect(await internet.takeSeen()).toEqual([]);
  });

  it.each([
    [
      "WebSocket",
      `return new Promise((done) => { const s = new WebSocket("ws://HOST/socket"); s.onopen = () => s.send("hi"); s.onmessage = ({ data }) => done(data); s.onerror = () => done("refused"); s.onclose = () => done("refused"); })`,
      "echo hi",
    ],
    [
      "EventSource",
      `return new Promise((done) => { const s = new EventSource("http://HOST/echo"); s.onerror = () => { s.close(); done("tried"); }; })`,
      "tried",
    ],
    [
      "sendBeacon",
      `navigator.sendBeacon("http://HOST/echo", "hi"); await scheduler.wait(100); return "tried"`,
      "tried",
    ],
    [
      "node:http",
      `const http = await import("node:http"); return new Promise((done) => http.get("http://HOST/empty", (r) => done(r.statusCode)).on("error", () => done("refused")))`,
      204,
    ],
  ])("judge what leaves by %s as well", async (_, body, fine) => {
    const via = (host: string) => run(body.replaceAll("HOST", host), {}, { nodeCompat: true });
    expect(await via("public.example.com")).toBe(fine);
    const seen = await internet.takeSeen();
    expect(new Set(seen)).toEqual(new Set(["public.example.com"]));
    for (const host of ["127.0.0.1:8787", "localhost", "[::1]"]) expect(await via(host)).not.toBe("echo hi");
    expect(await internet.takeSeen()).toEqual([]);
  });

  it("are closed once the org is gone", async () => {
    await tenant.deploy(
      `export default async (request, ctx) => {
        ctx.waitUntil(scheduler.wait(200).then(() => fetch("https://late.com/")));
        return 1;
      }`,
    );
    await tenant.get("/");
    await tenant.publish("destroying");
    await scheduler.wait(400);
    expect(await internet.takeSeen()).toEqual([]);
  });
});
