import { describe, expect, test } from "vitest";

import { seal, unseal } from "./seal.ts";

const SECRET = "a-secret-of-at-least-thirty-two-characters";

describe("a sealed text", () => {
  test("opens under the same secret and name alone", async () => {
    const sealed = await seal(SECRET, "name", "text");
    expect(sealed).not.toContain("text");
    expect(await unseal(SECRET, "name", sealed)).toBe("text");
    expect(await unseal(SECRET, "other", sealed)).toBeNull();
    expect(await unseal(`${SECRET}!`, "name", sealed)).toBeNull();
  });

  test("is another one each time, and opens no more once it was touched", async () => {
    const sealed = await seal(SECRET, "name", "text");
    expect(await seal(SECRET, "name", "text")).not.toBe(sealed);
    for (const at of [0, 20, sealed.length - 2]) {
      const other = sealed[at] === "A" ? "B" : "A";
      expect(await unseal(SECRET, "name", sealed.slice(0, at) + other + sealed.slice(at + 1))).toBeNull();
    }
    for (const odd of ["", "A", "?", sealed.slice(0, 10)]) expect(await unseal(SECRET, "name", odd)).toBeNull();
  });
});
