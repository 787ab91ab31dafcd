import { describe, expect, test } from "vitest";

import { CAPABILITIES, scopesAllow } from "../../../contracts/rights.ts";
import { makeKey, readKey, scopesBeyond } from "./keys.ts";

describe("an API key", () => {
  test("is found again by its prefix and hash, and differs every time", async () => {
    const [one, two] = [await makeKey(), await makeKey()];
    expect(one.key).toMatch(/^isola_[0-9a-f]{64}$/);
    expect(await readKey(one.key)).toEqual({ prefix: one.prefix, hash: one.hash });
    expect(one.hash).not.toBe(two.hash);
    expect(one.hash).not.toContain(one.key.slice(6));
  });

  test.each(["", "isola_", `isola_${"g".repeat(64)}`, `isola_${"0".repeat(63)}`, `ISOLA_${"0".repeat(64)}`])(
    "is not what looks like %j",
    async (text) => {
      expect(await readKey(text)).toBeNull();
    },
  );
});

describe("scopes that are handed on", () => {
  test("are any, by who has everything", () => {
    expect(scopesBeyond(["*"], ["*", "read", "org:delete"])).toEqual([]);
  });

  test("never hold everything, by who has only all there is today", () => {
    expect(scopesBeyond(["read", "scripts:write"], ["*"])).toEqual(["*"]);
  });

  test("may be parts of a wider one, and a wider one only where all its parts are there", () => {
    expect(scopesBeyond(["read"], ["scripts:read", "read"])).toEqual([]);
    expect(scopesBeyond(["scripts:read"], ["read", "scripts:read", "scripts:write"])).toEqual([
      "read",
      "scripts:write",
    ]);
    const parts = CAPABILITIES.filter((capability) => scopesAllow(["read"], capability));
    expect(parts.length).toBeGreaterThan(5);
    expect(scopesBeyond(parts, ["read"])).toEqual([]);
    expect(scopesBeyond(parts.slice(1), ["read"])).toEqual(["read"]);
  });
});
