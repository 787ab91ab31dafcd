import { memoryAdapter } from "better-auth/adapters/memory";
import { describe, expect, test } from "vitest";

import { sha256Hex } from "./hash.ts";
import { withHashedTokens } from "./session-tokens.ts";

function open() {
  const rows: Record<string, Record<string, unknown>[]> = { session: [], user: [], account: [], verification: [] };
  return { rows, adapter: withHashedTokens(memoryAdapter(rows)({})) };
}

const session = (token: string) => ({
  model: "session",
  data: { token, userId: "u", expiresAt: new Date(), createdAt: new Date(), updatedAt: new Date() },
});
const byToken = (value: string | string[]) => ({
  model: "session",
  where: [{ field: "token", value, ...(Array.isArray(value) ? { operator: "in" as const } : {}) }],
});

describe("a session's token", () => {
  test("is stored as its hash while the library keeps seeing the token", async () => {
    const { adapter, rows } = open();
    expect(await adapter.create(session("secret"))).toMatchObject({ token: "secret" });
    expect(rows["session"]).toMatchObject([{ token: await sha256Hex("secret") }]);
    expect(await adapter.findOne(byToken("secret"))).toMatchObject({ token: "secret", userId: "u" });
  });

  test("cannot be asked for by its hash", async () => {
    const { adapter } = open();
    await adapter.create(session("secret"));
    expect(await adapter.findOne(byToken(await sha256Hex("secret")))).toBeNull();
  });

  test("finds its row for every operation", async () => {
    const { adapter, rows } = open();
    for (const token of ["a", "b", "c"]) await adapter.create(session(token));
    expect(await adapter.findMany(byToken(["a", "b"]))).toHaveLength(2);
    expect(await adapter.update({ ...byToken("a"), update: { userId: "v" } })).toMatchObject({
      token: "a",
      userId: "v",
    });
    await adapter.delete(byToken("a"));
    expect(await adapter.deleteMany(byToken(["b"]))).toBe(1);
    expect(rows["session"]).toHaveLength(1);
    await adapter.transaction(async (tx) => {
      await tx.create(session("d"));
    });
    expect(rows["session"]).toMatchObject([{ token: await sha256Hex("c") }, { token: await sha256Hex("d") }]);
  });

  test("leaves other tables alone", async () => {
    const { adapter, rows } = open();
    const data = {
      identifier: "i",
      value: "token",
      expiresAt: new Date(),
      createdAt: new Date(),
      updatedAt: new Date(),
    };
    await adapter.create({ model: "verification", data });
    expect(rows["verification"]).toMatchObject([{ value: "token" }]);
  });
});
