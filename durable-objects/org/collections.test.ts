import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { COLLECTIONS_PER_ORG_MAX } from "../../contracts/limits.ts";
import { playground } from "../testing/outside.ts";
import { firstPage, refusalOf, testEnv } from "../testing/harness.ts";

async function opened() {
  playground.reset();
  const orgId = newId("org");
  const org = testEnv.DETACHED_ORG.getByName(orgId);
  await org.openOrg(orgId, "hello");
  return { orgId, org };
}

describe("the registry of collections", () => {
  it("lists those of a kind by name, page by page, each once", async () => {
    const { org } = await opened();
    for (const name of ["c", "a", "b", "a"]) await org.addCollection("kv", name);
    await org.addCollection("docs", "z");
    const first = await org.listCollections("kv", { cursor: null, limit: 2 });
    expect(first.items.map(({ name }) => name)).toEqual(["a", "b"]);
    const rest = await org.listCollections("kv", { cursor: first.cursor, limit: 2 });
    expect(rest).toEqual({ items: [{ kind: "kv", name: "c", createdAt: expect.any(Number) as number }], cursor: null });
    expect((await org.listCollections("docs", firstPage)).items.map(({ name }) => name)).toEqual(["z"]);
  });

  it("is bounded for each kind, and goes on answering for those that are there", async () => {
    const { org } = await opened();
    await runInDurableObject(org, (_, { storage }) => {
      for (let index = 0; index < COLLECTIONS_PER_ORG_MAX; index += 1) {
        storage.sql.exec("INSERT INTO collections (kind, name, created_at) VALUES ('kv', ?, 0)", `c${index}`);
      }
    });
    expect(await refusalOf(Promise.resolve(org.addCollection("kv", "more")))).toMatchObject({
      code: "over_budget",
      details: { limit: COLLECTIONS_PER_ORG_MAX, usage: COLLECTIONS_PER_ORG_MAX },
    });
    expect(await org.addCollection("kv", "c7")).toEqual({ revision: 0, triggers: [] });
    expect(await org.addCollection("docs", "more")).toEqual({ revision: 0, triggers: [] });
  });

  it("refuses an org that is not there, or not any more", async () => {
    const { org } = await opened();
    const unknown = testEnv.DETACHED_ORG.getByName(newId("org"));
    expect((await refusalOf(Promise.resolve(unknown.addCollection("kv", "a")))).code).toBe("not_found");
    expect((await refusalOf(Promise.resolve(unknown.dispatcherConfiguration()))).code).toBe("not_found");
    await org.addCollection("kv", "a");
    playground.failing = ["store:"];
    expect((await refusalOf(org.destroyOrg())).code).toBe("unavailable");
    expect((await refusalOf(Promise.resolve(org.addCollection("kv", "b")))).code).toBe("not_found");
    playground.failing = [];
    await org.destroyOrg();
    expect((await refusalOf(Promise.resolve(org.addCollection("kv", "b")))).code).toBe("not_found");
  });
});
