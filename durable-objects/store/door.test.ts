import { describe, expect, it, vi } from "vitest";

import type { KvWrite } from "../../contracts/data/kv.ts";
import { NO_ORIGIN } from "../../contracts/data/origin.ts";
import { DEFAULT_RETRY } from "../../contracts/events/retry.ts";
import { newId } from "../../contracts/ids.ts";
import { ada, door, firstPage, openedOrg, refusalOf, upload } from "../testing/harness.ts";

const set = (key: string): KvWrite => ({ operation: "set", key, value: "1", ttlMs: null, ifVersion: null });
const everything = { prefix: "", cursor: null, limit: 10, values: false };

describe("collections through the door", () => {
  it("are those of their org alone, and listed once they were written", async () => {
    const { orgId } = await openedOrg();
    const { orgId: other } = await openedOrg();
    expect(await door.kvGet(orgId, "a", ["k"], true)).toEqual([null]);
    await door.kvWrite(orgId, "a", [set("k")], NO_ORIGIN);
    await door.kvWrite(orgId, "b", [set("k"), set("l")], NO_ORIGIN);
    const listed = await door.listCollections(orgId, "kv", firstPage);
    expect(listed.items.map(({ kind, name }) => [kind, name])).toEqual([
      ["kv", "a"],
      ["kv", "b"],
    ]);
    expect(await door.collectionStats(orgId, "kv", "b")).toMatchObject({ count: 2 });
    expect(await door.collectionStats(orgId, "docs", "b")).toBeNull();
    expect(await door.kvList(other, "a", everything)).toEqual({ items: [], cursor: null });
    expect(await door.dropCollection(orgId, "kv", "b")).toBe(true);
    expect(await door.collectionStats(orgId, "kv", "b")).toMatchObject({ count: 0 });
    expect(await door.collectionStats(orgId, "kv", "a")).toMatchObject({ count: 1 });
    expect((await door.listCollections(orgId, "kv", firstPage)).items.map(({ name }) => name)).toEqual(["a"]);
    await door.kvWrite(orgId, "b", [set("k")], NO_ORIGIN);
    expect((await door.listCollections(orgId, "kv", firstPage)).items.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("hand what happened in them over to the deliveries of their org", async () => {
    const { orgId } = await openedOrg();
    const { script } = await door.saveScript(orgId, ada, upload("export default {}"));
    await door.kvWrite(orgId, "a", [set("early")], NO_ORIGIN);
    const source = { kind: "kv", collection: "a", prefix: "k", operations: ["set"] } as const;
    const { trigger } = await door.createTrigger(orgId, {
      name: "on-k",
      scriptId: script.id,
      state: "paused",
      source: { ...source, operations: [...source.operations] },
      retry: DEFAULT_RETRY,
    });
    await door.kvWrite(orgId, "a", [set("k1"), set("other"), set("k2")], NO_ORIGIN);
    const held = async () =>
      (await door.listDeliveries(orgId, { triggerId: trigger.id, state: null }, firstPage)).items;
    await vi.waitFor(async () => expect(await held()).toHaveLength(2));
    const details = await Promise.all((await held()).map(({ id }) => door.findDelivery(orgId, id)));
    const keys = details.map((detail) => (JSON.parse(detail?.data ?? "") as { key: string }).key);
    expect(keys.toSorted()).toEqual(["k1", "k2"]);
  });

  it("are not made for an org that is not there, and go with one that is destroyed", async () => {
    const unknown = newId("org");
    expect(await refusalOf(door.kvWrite(unknown, "a", [set("k")], NO_ORIGIN))).toMatchObject({ code: "not_found" });
    const { orgId } = await openedOrg();
    await door.kvWrite(orgId, "a", [set("k")], NO_ORIGIN);
    await door.counterAdd(orgId, "c", 1);
    await vi.waitFor(() => door.destroyOrg(orgId), 10_000);
    expect(await door.kvGet(orgId, "a", ["k"], true)).toEqual([null]);
    expect(await refusalOf(door.kvWrite(orgId, "a", [set("k")], NO_ORIGIN))).toMatchObject({ code: "not_found" });
    expect(await refusalOf(door.counterAdd(orgId, "c", 1))).toMatchObject({ code: "not_found" });
  });
});
