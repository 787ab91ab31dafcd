import { describe, expect, it } from "vitest";

import { REDACTED, redactHeaders } from "./redact.ts";

describe("a head that is written down", () => {
  it("holds no credential, however the header is spelled", () => {
    const names = [
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
    ];
    const redacted = redactHeaders(Object.fromEntries(names.map((name) => [name, "s3cr3t"])));
    expect(redacted).toEqual(Object.fromEntries(names.map((name) => [name, REDACTED])));
  });

  it("keeps everything else as it is", () => {
    const headers = { accept: "*/*", "content-type": "text/plain", "keep-alive": "5", "x-monkey": "1", author: "ada" };
    expect(redactHeaders(headers)).toEqual(headers);
  });

  it("is no way to a prototype", () => {
    const redacted = redactHeaders(JSON.parse('{"__proto__":"x"}') as Record<string, string>);
    expect(Object.keys(redacted)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(redacted)).toBe(Object.prototype);
  });
});
