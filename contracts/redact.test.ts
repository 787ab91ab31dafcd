import { describe, expect, it } from "vitest";

import { carriesCredentials, isSentAgain, REDACTED } from "./redact.ts";

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
