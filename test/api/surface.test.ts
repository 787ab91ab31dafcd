import { request } from "node:http";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ENDPOINTS } from "../../contracts/api/index.ts";
import { API_BODY_BYTES_MAX } from "../../contracts/limits.ts";
import { type Core, SETUP_TOKEN, startCore } from "./support/core.ts";
import { claim, makeOrg, type Person, signIn } from "./support/people.ts";

const PAGE = { headers: { accept: "text/html" } };

let core: Core;
let owner: Person;
beforeAll(async () => {
  core = await startCore();
});
afterAll(() => core.stop());

describe("before there is an owner", () => {
  test("the set-up page takes its token from the link only", async () => {
    expect((await core.call("/setup", PAGE)).text).toMatch(/missing its token/);
    const page = await core.call(`/setup?token=${SETUP_TOKEN}`, PAGE);
    expect(page.text).toMatch(/<form/);
    expect(page.text).not.toContain(SETUP_TOKEN);
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
    owner = await claim(core);
    expect((await core.call(`/setup?token=${SETUP_TOKEN}`, PAGE)).text).toMatch(/has an owner/);
  });
});

describe("health", () => {
  test("is a plain ok", async () => {
    const answer = await core.call("/healthz");
    expect([answer.status, answer.text]).toEqual([200, "ok\n"]);
  });

  test("goes deep on demand", async () => {
    const answer = await core.call("/readyz");
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      ok: true,
      parts: { database: { ok: true }, objects: { ok: true }, kv: { ok: true } },
    });
  });

  test("names the versions", async () => {
    expect((await core.call("/version")).json).toEqual({
      product: "0.0.0-test",
      api: "v1",
      schema: expect.stringMatching(/^\d{4}_/),
      sdk: "0.0.0-test",
    });
  });
});

describe("every answer", () => {
  test("has a request id of its own, which no caller chooses", async () => {
    const headers = { "x-request-id": "mine" };
    const [one, two] = [await core.call("/healthz", { headers }), await core.call("/nowhere", { headers })];
    expect(one.headers.get("x-request-id")).toMatch(/^req_/);
    expect(two.json.error.requestId).toBe(two.headers.get("x-request-id"));
    expect(one.headers.get("x-request-id")).not.toBe(two.headers.get("x-request-id"));
  });

  test("is not sniffed, framed, cached or followed back", async () => {
    for (const path of ["/", "/api/v1/me", "/healthz", "/nowhere"]) {
      const { headers } = await core.call(path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });
});

describe("what is wrong with a request", () => {
  const refusal = async (path: string, options: Parameters<Core["call"]>[1]) => {
    const answer = await core.call(path, { token: owner.token, ...options });
    return [answer.status, answer.json?.error.code];
  };

  test("is said: no such path", async () => {
    expect(await refusal("/api/v1/nothing", {})).toEqual([404, "not_found"]);
    expect(await refusal("/api/v1", {})).toEqual([404, "not_found"]);
  });

  test("is said: a method that the path does not know, with those that it knows", async () => {
    const answer = await core.call("/api/v1/orgs", { method: "PUT", token: owner.token });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
    expect((await core.call("/api/v1/orgs/hello", { method: "POST" })).headers.get("allow")).toBe(
      "GET, HEAD, PATCH, DELETE",
    );
    expect((await core.call("/healthz", { method: "POST" })).headers.get("allow")).toBe("GET, HEAD");
  });

  test("is said: malformed JSON, or none, or no UTF-8", async () => {
    const headers = { "content-type": "application/json" };
    for (const body of ["{", "", "[1,]", "undefined", new Uint8Array([0x22, 0xff, 0x22])]) {
      expect(await refusal("/api/v1/orgs", { method: "POST", headers, body })).toEqual([400, "malformed"]);
    }
  });

  test("is said: JSON of another form", async () => {
    for (const json of [
      [],
      "x",
      1,
      null,
      {},
      { slug: 1 },
      { slug: ["aa"] },
      JSON.parse('{"__proto__":{"slug":"aa"}}'),
    ]) {
      expect(await refusal("/api/v1/orgs", { json })).toEqual([422, "invalid"]);
    }
  });

  test("is said: a body that is no JSON", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data",
      "application/jsonp",
    ]) {
      const options = { method: "POST", headers: { "content-type": type }, body: '{"slug":"aa"}' };
      expect(await refusal("/api/v1/orgs", options)).toEqual([415, "unsupported_media_type"]);
    }
  });

  test("is said: a body over the limit, announced or not", async () => {
    const headers = { "content-type": "application/json" };
    const bytes = API_BODY_BYTES_MAX + 2;
    expect(await sent(core.address, owner.token, { bytes, announced: true })).toBe(413);
    expect(await sent(core.address, owner.token, { bytes, announced: false })).toBe(413);
    const small = `"${"x".repeat(64 * 1024)}"`;
    expect(await refusal("/api/auth/sign-in/email", { method: "POST", headers, body: small })).toEqual([
      413,
      "too_large",
    ]);
  });

  test("is said: a query with bad values", async () => {
    for (const query of ["limit=0", "limit=101", "limit=x", "limit=1.5", `cursor=${"a".repeat(501)}`]) {
      expect(await refusal(`/api/v1/orgs?${query}`, {})).toEqual([422, "invalid"]);
    }
  });

  test("is said: odd paths are not there, whatever they hold", async () => {
    await makeOrg(core, owner.token, "plain");
    for (const slug of [
      "%00",
      "..",
      "%2e%2e%2fplain",
      "PLAIN",
      "plain%20",
      "%F0%9F%8F%9D",
      "%",
      "a".repeat(300),
      "'--",
    ]) {
      const answer = await core.call(`/api/v1/orgs/${slug}/scripts`, { token: owner.token });
      expect([404, 405]).toContain(answer.status);
    }
  });
});

describe("the API's description", () => {
  test("is OpenAPI 3.1 and holds every endpoint", async () => {
    const { json } = await core.call("/api/v1/openapi.json");
    expect(json.openapi).toBe("3.1.0");
    for (const { id, method, path } of Object.values(ENDPOINTS)) {
      expect(json.paths[path][method.toLowerCase()].operationId).toBe(id);
    }
  });

  test("can be browsed", async () => {
    const page = await core.call("/api/docs", PAGE);
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    for (const { id } of Object.values(ENDPOINTS)) expect(page.text).toContain(`id="${id}"`);
  });
});

describe("pages", () => {
  test("bring their own style and script, and let nothing else in", async () => {
    for (const path of ["/", "/sign-in", "/api/docs"]) {
      const page = await core.call(path, PAGE);
      const nonce = /style-src 'nonce-([^']+)'/.exec(page.headers.get("content-security-policy") ?? "")?.[1];
      expect(nonce).toBeTruthy();
      expect(page.text).toContain(`<style nonce="${nonce}">`);
      expect(page.text).not.toMatch(/ style="| on[a-z]+="|(?:src|href)="(?:https?:)?\/\//);
      expect(await core.call(path, PAGE).then(({ text }) => text.includes(nonce ?? ""))).toBe(false);
    }
  });

  test("greet who is signed out, and list the orgs of who is signed in", async () => {
    expect((await core.call("/", PAGE)).text).toMatch(/href="\/sign-in"/);
    await core.call("/api/v1/orgs", { token: owner.token, json: { slug: "shown", name: "<b>Bold</b> & co" } });
    const cookie = await signIn(core);
    const home = await core.call("/", { headers: { ...PAGE.headers, cookie } });
    expect(home.text).toContain("http://shown.localhost:8787");
    expect(home.text).toContain("&lt;b&gt;Bold&lt;/b&gt; &amp; co");
    expect(home.text).not.toContain("<b>Bold");
  });

  test("are what people get when something is not there; programs get JSON", async () => {
    const page = await core.call("/nowhere", PAGE);
    expect(page.status).toBe(404);
    expect(page.text).toMatch(/<h1>Nothing here<\/h1>/);
    expect((await core.call("/api/v1/nowhere", PAGE)).json.error.code).toBe("not_found");
  });
});

/** Sends a body of that many bytes; one that is announced is refused before it comes, so only its begin is sent. */
function sent(address: URL, token: string, body: { bytes: number; announced: boolean }): Promise<number> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  if (body.announced) headers["content-length"] = String(body.bytes);
  return new Promise((done, fail) => {
    const sent = request(new URL("/api/v1/orgs", address), { method: "POST", headers });
    sent.once("response", (response) => {
      response.resume();
      done(response.statusCode ?? 0);
      if (body.announced) sent.destroy();
    });
    // An answer that comes before the end of the body ends the connection, too; the promise is settled by then.
    sent.on("error", fail);
    const chunk = Buffer.alloc(1024 * 1024, "x");
    const bytes = body.announced ? chunk.length : body.bytes;
    for (let left = bytes; left > 0; left -= chunk.length) sent.write(chunk.subarray(0, Math.min(left, chunk.length)));
    if (!body.announced) sent.end();
  });
}
