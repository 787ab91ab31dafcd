import { inspect } from "node:util";

import { expect, test } from "vitest";

import {
  providerApi,
  type ProviderApiOptions,
  type ProviderCall,
} from "../../workers/control-plane/provisioning/drivers/http.ts";
import { PROVIDER_ERRORS } from "../../workers/control-plane/provisioning/provider-error.ts";

const TOKEN = "fo1_a_token_that_nobody_may_see";
const BASE = "https://api.provider.example/v1";
const LOOK: ProviderCall = { to: "look at a machine", path: "/machines/1" };

const callOf = (
  answer: (url: string, init: RequestInit) => Promise<Response>,
  more: Partial<ProviderApiOptions> = {},
) => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const api = providerApi({ title: "Provider", baseUrl: BASE, fetch: answer, headers, ...more });
  return (call: Partial<ProviderCall> = {}) => api.call({ ...LOOK, ...call });
};
const answering = (body: string | null, init: ResponseInit = {}) =>
  callOf(() => Promise.resolve(new Response(body, init)));

test("a call carries its credentials, its query and its body, and follows nobody elsewhere", async () => {
  const seen: { url: string; init: RequestInit }[] = [];
  const call = callOf((url, init) => {
    seen.push({ url, init });
    return Promise.resolve(Response.json({ ok: true }));
  });
  const answer = await call({ method: "POST", query: { force: true, left: undefined }, json: { a: 1 } });
  expect(answer.json()).toEqual({ ok: true });
  expect(seen[0]).toMatchObject({
    url: `${BASE}/machines/1?force=true`,
    init: { redirect: "manual", body: '{"a":1}' },
  });
  expect(new Headers(seen[0]?.init.headers).get("authorization")).toBe(`Bearer ${TOKEN}`);
});

test.each([
  [400, "refused"],
  [401, "unauthorized"],
  [302, "refused"],
  [403, "quota"],
  [404, "not_found"],
  [408, "unreachable"],
  [409, "name_taken"],
  [429, "rate_limited"],
  [500, "unavailable"],
  [503, "unavailable"],
] as const)("the status %i is %s", async (status, code) => {
  const refused = answering("", { status })();
  await expect(refused).rejects.toMatchObject({ name: "ProviderError", code, retry: PROVIDER_ERRORS[code].retry });
});

test("a provider's own words come first, and statuses that are answers are none of failure", async () => {
  const explain = () => "no_capacity" as const;
  const full = callOf(() => Promise.resolve(new Response("", { status: 422 })), { explain });
  await expect(full()).rejects.toMatchObject({ code: "no_capacity" });
  expect((await full({ accepts: [422] })).status).toBe(422);
});

test("how long to wait is told in seconds or as a date, or not at all", async () => {
  const waiting = (value: string) => answering("", { status: 429, headers: { "retry-after": value } })();
  await expect(waiting("3")).rejects.toMatchObject({ retryAfterMs: 3_000 });
  await expect(waiting("soon")).rejects.toMatchObject({ retryAfterMs: null });
  const date = new Date(Date.now() + 60_000).toUTCString();
  const error = await waiting(date).catch((thrown: { retryAfterMs: number }) => thrown);
  expect(error).toMatchObject({ retryAfterMs: expect.any(Number) });
});

test("no error shows the token or an address, whatever the provider repeats", async () => {
  const words = `Bearer ${TOKEN} is bad\u001b[31m at http://10.1.2.3:8080/x\n or 10.1.2.3:99, ask ${BASE}`;
  for (const body of [{ error: words }, { message: words }, { error: { message: words } }]) {
    const error = await answering(JSON.stringify(body), { status: 400 })().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^Provider answered 400 when it was asked to look at a machine: /),
    });
    const shown = inspect(error, { depth: 9 });
    for (const hidden of [TOKEN, "10.1.2.3", "api.provider.example", "\u001b"]) expect(shown).not.toContain(hidden);
  }
  const long = answering(JSON.stringify({ error: "x".repeat(5_000) }), { status: 400 })();
  await expect(long).rejects.toMatchObject({ message: expect.stringMatching(/^.{50,500}$/) });
});

test("an answer that does not come, or does not end, is waited for no longer than the call has", async () => {
  const never = callOf(() => new Promise(() => {}), { timeoutMs: 50 });
  await expect(never()).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining("50 ms") });
  const trickle = callOf(() => Promise.resolve(new Response(new ReadableStream())), { timeoutMs: 50 });
  await expect(trickle()).rejects.toMatchObject({ code: "unreachable" });
  await expect(callOf(() => Promise.reject(new TypeError("fetch failed")))()).rejects.toMatchObject({
    code: "unreachable",
  });
});

test("an answer that is too long is not read, and of one that may be long the end is kept", async () => {
  const long = callOf(() => Promise.resolve(new Response("x".repeat(100))), { bytesMax: 99 });
  await expect(long()).rejects.toMatchObject({ code: "unavailable" });
  const chunks = Array.from({ length: 1_000 }, (_, index) => new TextEncoder().encode(`line ${index}\n`));
  const body = () =>
    new ReadableStream({
      start: (stream) => {
        for (const chunk of chunks) stream.enqueue(chunk);
        stream.close();
      },
    });
  const { bytes, text } = await callOf(() => Promise.resolve(new Response(body())))({ tailBytes: 100 });
  expect(text().endsWith("line 998\nline 999\n")).toBe(true);
  expect(bytes.byteLength).toBeLessThan(120);
});

test("what should be JSON and is not may have been done all the same", async () => {
  const answer = await answering("<html>")();
  expect(() => answer.json()).toThrow(expect.objectContaining({ code: "unreachable" }));
  expect((await answering(null, { status: 204 })()).json()).toBeNull();
});
