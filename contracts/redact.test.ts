import { describe, expect, it } from "vitest";

import { carriesCredentials, describeFailure, isSentAgain, REDACTED, withoutCredentials } from "./redact.ts";

describe("a header that carries credentials", () => {
  it.each([
    "authorization",
    "Proxy-Authorization",
    "cookie",
    "Set-Cookie",
    "x-api-key",
    "X-ApiKey",
    "apikey",
    "x-auth",
    "x-csrf-token",
    "client_secret",
    "x-password",
    "x-key",
    "key",
    "access_key_id",
    "idempotency-key",
    "x-hub-signature-256",
    "cf-access-jwt-assertion",
  ])("is known by its name: %s", (name) => {
    expect(carriesCredentials(name)).toBe(true);
  });

  it.each(["accept", "content-type", "keep-alive", "x-monkey", "author", "etag", "user-agent", "x-forwarded-for"])(
    "is not %s",
    (name) => {
      expect(carriesCredentials(name)).toBe(false);
    },
  );
});

describe("a recorded header", () => {
  it("is sent again unless it was redacted or belongs to its connection", () => {
    expect(isSentAgain("accept", "*/*")).toBe(true);
    expect(isSentAgain("x-any", REDACTED)).toBe(false);
    expect(isSentAgain("Host", "a")).toBe(false);
    expect(isSentAgain("content-length", "1")).toBe(false);
  });
});

describe("a text that is printed", () => {
  const KEY = `isola_${"0123456789abcdef".repeat(4)}`;
  it.each([
    [`key ${KEY}.`, `key ${REDACTED}.`],
    [`Authorization: Bearer abc.def`, `Authorization: Bearer ${REDACTED}`],
    ["basic dXNlcjpwYXNz", `basic ${REDACTED}`],
    ["whsec_MfKQ9r8GKYqrTwjU", REDACTED],
    ["of eyJhbGciOi.eyJzdWIiOi.c2ln", `of ${REDACTED}`],
    ["GET /reset-password?token=abcdefgh&x=1", `GET /reset-password?token=${REDACTED}&x=1`],
    ['{"password":"correct horse"}', `{"password":"${REDACTED} horse"}`],
    ["isola_session=tokenvalue; path=/", `isola_session=${REDACTED}; path=/`],
    [`hash ${"ab".repeat(32)}`, `hash ${REDACTED}`],
    ["-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----", REDACTED],
  ])("says %j as %j", (said, printed) => {
    expect(withoutCredentials(said)).toBe(printed);
  });

  it("keeps what opens nothing", () => {
    const plain = "req_0123456789abcdefghjk org_0123456789abcdefghjk: the script was not found, see /docs/keys";
    expect(withoutCredentials(plain)).toBe(plain);
  });
});

describe("a failure that is printed", () => {
  it("names the query and not its values, and what the database said and not of which row", () => {
    const cause = Object.assign(new Error("duplicate key value violates unique constraint"), {
      code: "23505",
      detail: "Key (email)=(canary@example.com) already exists.",
    });
    const query = 'insert into "user" ("email") values ($1)';
    const failed = new Error(`Failed query: ${query}\nparams: canary@example.com,canary-secret`, { cause });
    const words = describeFailure(Object.assign(failed, { query, params: ["canary@example.com", "canary-secret"] }));
    expect(words).toContain(query);
    expect(words).toContain("23505: duplicate key value");
    expect(words).not.toContain("canary");
    expect(words).toMatch(/\n\s+at .*redact\.test\.ts/);
  });

  it.each([
    ["thrown text", "thrown text"],
    [null, ""],
    [{}, "something that is no error"],
    [new TypeError("x is not a function"), "TypeError: x is not a function"],
    [{ code: "not_found", message: "gone" }, "not_found: gone"],
  ])("can be anything: %j", (thrown, words) => {
    expect(describeFailure(thrown).split("\n")[0]).toBe(words);
  });

  it("ends where causes go round", () => {
    const error: Error & { cause?: unknown } = new Error("round");
    error.cause = error;
    expect(describeFailure(error).match(/round/g)?.length).toBeLessThan(10);
  });
});
