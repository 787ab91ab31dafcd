import { describe, expect, test } from "vitest";

import { AUDIT_DEPTH_MAX, AUDIT_TEXT_LENGTH_MAX } from "../../../contracts/limits.ts";
import { REDACTED } from "../../../contracts/redact.ts";
import { redact, redactText } from "./redact.ts";

const KEY = `isola_${"0123456789abcdef".repeat(4)}`;

describe("what is written down for ever", () => {
  test.each([
    "password",
    "newPassword",
    "token",
    "accessToken",
    "secret",
    "clientSecret",
    "key",
    "apiKey",
    "privateKey",
    "Authorization",
    "cookie",
    "set-cookie",
    "signature",
  ])("has no text under the name %s, at any depth and in lists", (name) => {
    expect(redact({ [name]: "open sesame" })).toEqual({ [name]: REDACTED });
    expect(redact({ a: [{ [name]: ["one", { b: "two" }] }] })).toEqual({
      a: [{ [name]: [REDACTED, { b: REDACTED }] }],
    });
  });

  test("keeps numbers, booleans, nothing and ids under such names, for they open nothing", () => {
    const details = { keys: 5, secrets: null, token: true, keyId: "key_0123456789abcdefghjk", secret: "" };
    expect(redact(details)).toEqual(details);
  });

  test.each(["name", "plan", "script", "keyboard", "monkey", "author", "description", "path", "keep"])(
    "keeps the text under the name %s",
    (name) => {
      expect(redact({ [name]: "hello" })).toEqual({ [name]: "hello" });
    },
  );

  test.each([
    [`the key ${KEY} leaked`, `the key ${REDACTED} leaked`],
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", REDACTED],
    ["Bearer abcdefgh.ijkl", REDACTED],
    ["x eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1In0.c2ln y", `x ${REDACTED} y`],
    [`-----BEGIN PRIVATE KEY-----\nMC4CAQ`, REDACTED],
  ])("has nothing that looks like a credential, whatever its name: %s", (text, kept) => {
    expect(redact({ note: text })).toEqual({ note: kept });
    expect(redact({ [text]: 1 })).toEqual({ [kept]: 1 });
    expect(redactText(text)).toBe(kept);
  });

  test("has nothing that a database cannot store", () => {
    expect(redactText("a\0b\ud800c")).toBe("a\uFFFDb\uFFFDc");
  });

  test("is no longer than its bounds, without half a character at the cut", () => {
    const long = redactText("😀".repeat(AUDIT_TEXT_LENGTH_MAX));
    expect(long.length).toBeLessThanOrEqual(AUDIT_TEXT_LENGTH_MAX);
    expect(long.isWellFormed()).toBe(true);
    expect(redactText("a".repeat(11), 10)).toBe(`${"a".repeat(9)}…`);
    let deep: unknown = "bottom";
    for (let level = 0; level < 1_000; level += 1) deep = { deep };
    expect(JSON.stringify(redact(deep)).match(/deep/g)).toHaveLength(AUDIT_DEPTH_MAX);
  });
});
