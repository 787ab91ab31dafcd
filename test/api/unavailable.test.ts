import { createServer, type Server } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Core, startCore } from "./support/core.ts";

const KEY = `Bearer isola_${"0".repeat(64)}`;

describe.each([
  ["refuses connections", () => Promise.resolve("127.0.0.1:9/none")],
  ["accepts and never answers", silentAddress],
])("when the database %s", (_, addressOf) => {
  let core: Core;
  beforeAll(async () => {
    core = await startCore({ DATABASE_PROXY: await addressOf() });
  });
  afterAll(() => core.stop());

  test("what needs it is answered 503 with Retry-After in bounded time", async () => {
    const began = performance.now();
    const answer = await core.call("/api/v1/me", { headers: { authorization: KEY } });
    expect([answer.status, answer.json.error.code]).toEqual([503, "unavailable"]);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(answer.text).not.toMatch(/127\.0\.0\.1|websocket|postgres/i);
    expect(performance.now() - began).toBeLessThan(6_000);
  });

  test("what does not need it goes on", async () => {
    expect((await core.call("/healthz")).status).toBe(200);
    expect((await core.call("/version")).status).toBe(200);
    expect((await core.call("/api/v1/me")).status).toBe(401);
    expect((await core.call("/api/v1/me", { headers: { authorization: "Bearer nonsense" } })).status).toBe(401);
    expect((await core.call("/api/v1/openapi.json")).status).toBe(200);
  });

  test("readiness says which part is missing", async () => {
    const answer = await core.call("/readyz");
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("2");
    expect(answer.json).toMatchObject({
      ok: false,
      parts: { database: { ok: false }, objects: { ok: true }, kv: { ok: true } },
    });
  });

  test("the directory says so instead of saying that there is no such org", async () => {
    expect(await core.door("directory", "findOrg", "hello")).toMatchObject({ code: "unavailable" });
    expect((await core.door("directory", "findOrg", "Not A Slug")).value).toBeNull();
  });
});

const silent: Server[] = [];
afterAll(() => {
  for (const server of silent) server.close();
});

function silentAddress(): Promise<string> {
  const server = createServer((socket) => socket.on("error", () => {}));
  silent.push(server);
  return new Promise((done) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      done(`127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/none`);
    });
  });
}
