import { describe, expect, it } from "vitest";

import { slugProblem } from "./slug.ts";

describe("slugs", () => {
  it.each(["ab", "hello", "a-b", "0x", "a".repeat(40), "a--b"])("accepts %s", (slug) => {
    expect(slugProblem(slug)).toBeNull();
  });

  it.each([
    ["", "at least 2"],
    ["a", "at least 2"],
    ["a".repeat(41), "at most 40"],
    ["-ab", "start and end"],
    ["ab-", "start and end"],
    ["Hello", "only the letters"],
    ["he_llo", "only the letters"],
    ["he.llo", "only the letters"],
    ["héllo", "only the letters"],
    ["ab\n", "only the letters"],
    ["xn--bcher-kva", "must not begin"],
    ["v12--shop", "must not begin"],
    ["admin", "reserved"],
    ["app", "reserved"],
  ])("refuses %j and says why", (slug, reason) => {
    expect(slugProblem(slug)).toContain(reason);
  });
});
