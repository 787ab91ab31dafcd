import { describe, expect, it } from "vitest";

import { ROW_CONTENT_BYTES_MAX, VERSIONS_PER_SCRIPT_MAX } from "../../contracts/limits.ts";
import { effectiveLimits } from "../../contracts/script-limits.ts";
import { codeKey } from "../../contracts/projection.ts";
import { ada, door, firstPage, openedOrg, published, refusalOf, routeTo, testEnv, upload } from "../testing/harness.ts";

describe("saving a script", () => {
  it("has published code and projection when it returns", async () => {
    const { orgId, slug } = await openedOrg();
    const { script, created } = await door.saveScript(orgId, ada, upload("one"));
    expect(created).toBe(true);
    expect(script).toMatchObject({ name: "hello", kind: "endpoint", description: "", limits: effectiveLimits({}) });
    expect(script.live).toMatchObject({ number: 1, author: ada, live: true });
    expect((await published(slug))?.scripts[script.id]).toEqual({
      id: script.id,
      name: "hello",
      kind: "endpoint",
      versionId: script.live.id,
      versionNumber: 1,
      hash: "hash-one",
      limits: effectiveLimits({}),
    });
    expect(await testEnv.PROJECTIONS.get(codeKey(orgId, "hash-one"), "json")).toEqual(upload("one").code);
  });

  it("makes each change a new version and the newest live", async () => {
    const { orgId } = await openedOrg();
    await door.saveScript(orgId, ada, upload("one"));
    const { script, created } = await door.saveScript(orgId, ada, upload("two", { message: "better" }));
    expect(created).toBe(false);
    expect(script.live).toMatchObject({ number: 2, message: "better" });
    const { items } = await door.listVersions(orgId, "hello", firstPage);
    expect(items.map(({ number, live }) => [number, live])).toEqual([
      [2, true],
      [1, false],
    ]);
  });

  it("makes no version of what is live already", async () => {
    const { orgId } = await openedOrg();
    const files = { "b.ts": "b", "a.ts": "a" };
    const first = await door.saveScript(orgId, ada, upload("one", { files }));
    const again = await door.saveScript(orgId, ada, upload("one", { files: { "a.ts": "a", "b.ts": "b" } }));
    expect(again).toEqual({ script: first.script, created: false });
    const { revision } = (await door.projection(orgId)) ?? {};
    await door.saveScript(orgId, ada, upload("one", { files }));
    expect((await door.projection(orgId))?.revision).toBe(revision);
  });

  it("makes a version of other files that compile to the same, and of another source map", async () => {
    const { orgId } = await openedOrg();
    await door.saveScript(orgId, ada, upload("one"));
    const commented = upload("one", { files: { "index.ts": "one // and only" } });
    expect((await door.saveScript(orgId, ada, commented)).script.live.number).toBe(2);
    const mapped = { ...commented, sourceMap: '{"version":3}' };
    expect((await door.saveScript(orgId, ada, mapped)).script.live.number).toBe(3);
  });

  it("applies new settings to unchanged content", async () => {
    const { orgId, slug } = await openedOrg();
    await door.saveScript(orgId, ada, upload("one"));
    const { script } = await door.saveScript(
      orgId,
      ada,
      upload("one", { description: "greets", limits: { wallClockMs: 50 } }),
    );
    expect(script).toMatchObject({ description: "greets", limits: { wallClockMs: 50 }, live: { number: 1 } });
    expect((await published(slug))?.scripts[script.id]?.limits.wallClockMs).toBe(50);
  });

  it("keeps settings that an upload does not name", async () => {
    const { orgId } = await openedOrg();
    await door.saveScript(orgId, ada, upload("one", { description: "greets", limits: { wallClockMs: 50 } }));
    const { script } = await door.saveScript(orgId, ada, upload("two"));
    expect(script).toMatchObject({ description: "greets", limits: { wallClockMs: 50 } });
  });

  it("refuses to create a name that is taken, and names what took it", async () => {
    const { orgId } = await openedOrg();
    const { script } = await door.saveScript(orgId, ada, upload("one", { mode: "create" }));
    const refusal = await refusalOf(door.saveScript(orgId, ada, upload("two", { mode: "create" })));
    expect(refusal.code).toBe("conflict");
    expect(refusal.details).toMatchObject({ script: { id: script.id } });
    expect((await door.findScript(orgId, "hello"))?.live.number).toBe(1);
  });

  it("leaves the live version and its projection alone when it is refused", async () => {
    const { orgId, slug } = await openedOrg();
    const { script } = await door.saveScript(orgId, ada, upload("one"));
    await door.createRoute(orgId, routeTo(script.id, "/"));
    const before = await published(slug);
    const refusal = await refusalOf(
      door.saveScript(orgId, ada, upload("two", { kind: "module", limits: { wallClockMs: 50 } })),
    );
    expect(refusal.code).toBe("invalid");
    expect(await door.findScript(orgId, "hello")).toEqual(script);
    expect(await published(slug)).toEqual(before);
    expect((await door.listVersions(orgId, "hello", firstPage)).items).toHaveLength(1);
  });

  it("takes two saves at once as two versions, one after the other", async () => {
    const { orgId, slug } = await openedOrg();
    await Promise.all(["one", "two"].map((source) => door.saveScript(orgId, ada, upload(source))));
    const { items } = await door.listVersions(orgId, "hello", firstPage);
    expect(items.map(({ number }) => number)).toEqual([2, 1]);
    const projection = await published(slug);
    expect(Object.values(projection?.scripts ?? {})).toMatchObject([{ versionId: items[0]?.id, versionNumber: 2 }]);
  });

  it("lets exactly one of two creations at once have the name", async () => {
    const { orgId } = await openedOrg();
    const outcomes = await Promise.allSettled(
      ["one", "two"].map((source) => door.saveScript(orgId, ada, upload(source, { mode: "create" }))),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("reads back files, code and source map larger than a row, to the character", async () => {
    const { orgId } = await openedOrg();
    // Two bytes before characters of three and four: chunks end within characters.
    const text = `é${"€😀".repeat(ROW_CONTENT_BYTES_MAX / 4)}\uFEFF`;
    const input = upload("large", {
      files: { "index.ts": text },
      code: { main: "index.js", modules: { "index.js": text }, nodeCompat: true },
      sourceMap: text,
    });
    const { script } = await door.saveScript(orgId, ada, input);
    expect((await door.versionFiles(orgId, "hello", null))?.files["index.ts"] === text).toBe(true);
    expect((await door.versionCode(orgId, script.live.id))?.modules["index.js"] === text).toBe(true);
    expect((await door.versionSource(orgId, { id: script.live.id }))?.map === text).toBe(true);
  });

  it("prunes the oldest versions and their code, but never the live one or code that another has", async () => {
    const { orgId } = await openedOrg();
    await door.saveScript(orgId, ada, upload("twin", { name: "other" }));
    await door.saveScript(orgId, ada, upload("twin"));
    const sources = Array.from({ length: VERSIONS_PER_SCRIPT_MAX - 1 }, (_, index) => `v${index + 2}`);
    for (const source of sources) await door.saveScript(orgId, ada, upload(source));
    await door.rollBack(orgId, ada, "hello", "2");
    await door.saveScript(orgId, ada, upload("last"));
    await door.rollBack(orgId, ada, "hello", "3");
    await door.saveScript(orgId, ada, upload("very last"));
    const page = await door.listVersions(orgId, "hello", { cursor: null, limit: 100 });
    expect(page.items).toHaveLength(VERSIONS_PER_SCRIPT_MAX);
    expect(page.items.at(-1)?.number).toBe(3);
    expect(page.cursor).toBeNull();
    expect(await door.versionFiles(orgId, "hello", "1")).toBeNull();
    expect(await testEnv.PROJECTIONS.get(codeKey(orgId, "hash-v2"))).toBeNull();
    expect(await testEnv.PROJECTIONS.get(codeKey(orgId, "hash-twin"))).not.toBeNull();
    expect(await testEnv.PROJECTIONS.get(codeKey(orgId, "hash-v3"))).not.toBeNull();
  });
});

describe("rolling back", () => {
  it("makes a version live again, by number or by id", async () => {
    const { orgId, slug } = await openedOrg();
    const first = await door.saveScript(orgId, ada, upload("one"));
    const second = await door.saveScript(orgId, ada, upload("two"));
    expect((await door.rollBack(orgId, ada, "hello", "1")).live.id).toBe(first.script.live.id);
    expect((await published(slug))?.scripts[first.script.id]?.hash).toBe("hash-one");
    expect((await door.rollBack(orgId, ada, first.script.id, second.script.live.id)).live.number).toBe(2);
    expect((await published(slug))?.scripts[first.script.id]?.hash).toBe("hash-two");
  });

  it("refuses a version that the script does not have, even if another script has it", async () => {
    const { orgId } = await openedOrg();
    await door.saveScript(orgId, ada, upload("one"));
    const other = await door.saveScript(orgId, ada, upload("two", { name: "other" }));
    for (const version of ["2", "0", "-1", "1e0", "ver_unknown", "", other.script.live.id]) {
      expect((await refusalOf(door.rollBack(orgId, ada, "hello", version))).code).toBe("not_found");
    }
    expect((await refusalOf(door.rollBack(orgId, ada, "unknown", "1"))).code).toBe("not_found");
  });

  it("refuses to put a module where routes lead", async () => {
    const { orgId } = await openedOrg();
    await door.saveScript(orgId, ada, upload("library", { kind: "module" }));
    const { script } = await door.saveScript(orgId, ada, upload("page"));
    await door.createRoute(orgId, routeTo(script.id, "/"));
    expect((await refusalOf(door.rollBack(orgId, ada, "hello", "1"))).code).toBe("invalid");
    expect((await door.findScript(orgId, "hello"))?.kind).toBe("endpoint");
  });

  it("numbers the next version after all that were, not after the live one", async () => {
    const { orgId } = await openedOrg();
    for (const source of ["one", "two", "three"]) await door.saveScript(orgId, ada, upload(source));
    await door.rollBack(orgId, ada, "hello", "1");
    expect((await door.saveScript(orgId, ada, upload("three"))).script.live.number).toBe(4);
  });
});
