import { describe, expect, it } from "vitest";

import { ID_PREFIXES, idSchema, newId, type IdKind } from "./ids.ts";

const KINDS = Object.keys(ID_PREFIXES) as IdKind[];

describe("ids", () => {
  it.each(KINDS)("of kind %s say what they name and have the form that is checked", (kind) => {
    const id = newId(kind);
    expect(id.startsWith(`${ID_PREFIXES[kind]}_`)).toBe(true);
    expect(idSchema(kind).safeParse(id).success).toBe(true);
  });

  it("never repeat, and use every letter of the alphabet at every place", () => {
    const ids = Array.from({ length: 2_000 }, () => newId("org"));
    expect(new Set(ids).size).toBe(ids.length);
    for (let place = "org_".length; place < "org_".length + 20; place += 1) {
      expect(new Set(ids.map((id) => id[place])).size).toBe(32);
    }
  });

  it("of one kind are not taken for another", () => {
    for (const kind of KINDS) {
      const accepted = KINDS.filter((other) => idSchema(other).safeParse(newId(kind)).success);
      expect(accepted).toEqual([kind]);
    }
  });

  it.each([
    "",
    "org_",
    "org_0123456789abcde",
    `org_${"0".repeat(41)}`,
    "org_0123456789ABCDEF",
    "org_0123456789abcdei",
    "org_0123456789abcdef\n",
    " org_0123456789abcdef",
    "org_../../../etc/passwd",
    "org_0123456789abcdef/x",
  ])("refuse %j with the prefix that belongs there", (text) => {
    const result = idSchema("org").safeParse(text);
    expect(result.error?.issues[0]?.message).toBe("must be an id that starts with org_");
  });
});
