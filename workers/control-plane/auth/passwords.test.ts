import { hashPassword as hashOfTheLibrary } from "better-auth/crypto";
import { describe, expect, test } from "vitest";

import { hashPassword, verifyPassword } from "./passwords.ts";

/** Each hash holds the thread for a tenth of a second and more. */
describe("a password", { timeout: 30_000 }, () => {
  test("is stored with the cost that it was hashed at, and known again", async () => {
    const stored = await hashPassword("correct horse battery");
    expect(stored).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[0-9a-f]{32}\$[0-9a-f]{128}$/);
    expect(await verifyPassword(stored, "correct horse battery")).toBe(true);
    expect(await verifyPassword(stored, "correct horse batterz")).toBe(false);
  });

  test("is salted: the same one is never stored the same", async () => {
    expect(await hashPassword("twice")).not.toBe(await hashPassword("twice"));
  });

  test("is the same however its accents are composed", async () => {
    expect(await verifyPassword(await hashPassword("caf\u00e9"), "cafe\u0301")).toBe(true);
  });

  test("that was hashed before costs were named is known again", async () => {
    const stored = await hashOfTheLibrary("an older password");
    expect(await verifyPassword(stored, "an older password")).toBe(true);
    expect(await verifyPassword(stored, "another password")).toBe(false);
  });

  test("of nobody, or stored as what is no hash, is never right", async () => {
    for (const stored of [null, "", "$scrypt$ln=14,r=8,p=5$00$00", "plain"]) {
      expect(await verifyPassword(stored, "plain")).toBe(false);
    }
  });
});
