import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { SCRIPTS_PER_ORG_MAX } from "../../contracts/limits.ts";
import { codeKey } from "../../contracts/projection.ts";
import { orgStub } from "../stubs.ts";
import { ada, door, firstPage, openedOrg, published, refusalOf, routeTo, testEnv, upload } from "../testing/harness.ts";

describe("scripts", () => {
  it("are listed by name, page by page, each once", async () => {
    const { orgId } = await openedOrg();
    for (const name of ["c", "a", "d", "b"]) await door.saveScript(orgId, ada, upload(name, { name }));
    const first = await door.listScripts(orgId, { cursor: null, limit: 3 });
    expect(first.items.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    const second = await door.listScripts(orgId, { cursor: first.cursor, limit: 3 });
    expect(second.items.map(({ name }) => name)).toEqual(["d"]);
    expect(second.cursor).toBeNull();
  });

  it("have versions that are listed page by page while new ones come", async () => {
    const { orgId } = await openedOrg();
    for (const source of ["one", "two", "three"]) await door.saveScript(orgId, ada, upload(source));
    const first = await door.listVersions(orgId, "hello", { cursor: null, limit: 2 });
    await door.saveScript(orgId, ada, upload("four"));
    const second = await door.listVersions(orgId, "hello", { cursor: first.cursor, limit: 2 });
    expect([...first.items, ...second.items].map(({ number }) => number)).toEqual([3, 2, 1]);
    expect(second.cursor).toBeNull();
  });

  it("refuse a cursor that is made up", async () => {
    const { orgId } = await openedOrg();
    for (const cursor of ["x", "e30", btoa('{"after":1}'), "%%%", ""]) {
      expect((await refusalOf(door.listScripts(orgId, { cursor, limit: 2 }))).code).toBe("invalid");
    }
  });

  it("are found by id and by name, and null otherwise", async () => {
    const { orgId } = await openedOrg();
    const { script } = await door.saveScript(orgId, ada, upload("one"));
    expect(await door.findScript(orgId, script.id)).toEqual(script);
    expect(await door.findScript(orgId, "hello")).toEqual(script);
    expect(await door.findScript(orgId, "Hello")).toBeNull();
    expect(await door.versionFiles(orgId, "unknown", null)).toBeNull();
    expect(await door.versionFiles(orgId, "hello", "7")).toBeNull();
    expect(await door.versionCode(orgId, "ver_unknown")).toBeNull();
    expect((await door.versionSource(orgId, { id: script.live.id }))?.map).toBeNull();
  });

  it("give back the files of any kept version", async () => {
    const { orgId } = await openedOrg();
    const first = await door.saveScript(orgId, ada, upload("one"));
    await door.saveScript(orgId, ada, upload("two"));
    expect(await door.versionFiles(orgId, "hello", null)).toMatchObject({
      version: { number: 2, live: true },
      main: "index.js",
      files: { "index.ts": "two" },
    });
    for (const version of ["1", first.script.live.id]) {
      expect(await door.versionFiles(orgId, "hello", version)).toMatchObject({
        version: { number: 1, live: false },
        files: { "index.ts": "one" },
      });
    }
  });

  it("change their description without a new revision, their limit with one", async () => {
    const { orgId, slug } = await openedOrg();
    const { script } = await door.saveScript(orgId, ada, upload("one"));
    const before = await published(slug);
    expect((await door.patchScript(orgId, "hello", { description: "greets" })).description).toBe("greets");
    expect(await published(slug)).toEqual(before);
    expect((await door.patchScript(orgId, "hello", { limits: { wallClockMs: 20 } })).description).toBe("greets");
    const after = await published(slug);
    expect(after?.scripts[script.id]?.limits.wallClockMs).toBe(20);
    expect(after?.revision).toBe((before?.revision ?? 0) + 1);
    expect((await refusalOf(door.patchScript(orgId, "unknown", {}))).code).toBe("not_found");
  });

  it("take their versions, routes and code with them when they are deleted", async () => {
    const { orgId, slug } = await openedOrg();
    const { script } = await door.saveScript(orgId, ada, upload("one"));
    const other = await door.saveScript(orgId, ada, upload("two", { name: "other" }));
    await door.createRoute(orgId, routeTo(script.id, "/hello"));
    const kept = await door.createRoute(orgId, routeTo(other.script.id, "/other"));
    expect(await door.deleteScript(orgId, "hello")).toBe(true);
    expect(await door.deleteScript(orgId, "hello")).toBe(false);
    expect(await door.listRoutes(orgId)).toEqual([kept]);
    expect(await door.versionCode(orgId, script.live.id)).toBeNull();
    expect((await published(slug))?.routes).toEqual([kept]);
    expect(Object.keys((await published(slug))?.scripts ?? {})).toEqual([other.script.id]);
    expect(await testEnv.PROJECTIONS.get(codeKey(orgId, "hash-one"))).toBeNull();
    expect(await testEnv.PROJECTIONS.get(codeKey(orgId, "hash-two"))).not.toBeNull();
    expect((await refusalOf(door.listVersions(orgId, "hello", firstPage))).code).toBe("not_found");
  });

  it("keep their code when they are deleted and made again from the same content", async () => {
    const { orgId } = await openedOrg();
    await door.saveScript(orgId, ada, upload("one"));
    await Promise.all([door.deleteScript(orgId, "hello"), door.saveScript(orgId, ada, upload("one"))]);
    expect(await testEnv.PROJECTIONS.get(codeKey(orgId, "hash-one"))).not.toBeNull();
  });

  it("are bounded per org; one too many is refused with limit and usage", async () => {
    const { orgId } = await openedOrg();
    await runInDurableObject(orgStub(testEnv, orgId), (_, state) => {
      for (let index = 0; index < SCRIPTS_PER_ORG_MAX; index += 1) {
        state.storage.sql.exec(
          `INSERT INTO scripts (id, name, description, live_version_id, live_since, live_by, last_number,
             created_at, updated_at) VALUES (?, ?, '', '', 0, '', 1, 0, 0)`,
          newId("script"),
          `s${index}`,
        );
      }
    });
    const refusal = await refusalOf(door.saveScript(orgId, ada, upload("one")));
    expect(refusal.code).toBe("invalid");
    expect(refusal.details).toEqual({ limit: SCRIPTS_PER_ORG_MAX, usage: SCRIPTS_PER_ORG_MAX });
  });
});

describe("two orgs", () => {
  it("never see each other, though their scripts, names and content are the same", async () => {
    const [one, two] = [await openedOrg(), await openedOrg()];
    const saved = await door.saveScript(one.orgId, ada, upload("same"));
    const twin = await door.saveScript(two.orgId, ada, upload("same"));
    const route = await door.createRoute(one.orgId, routeTo(saved.script.id, "/"));
    expect(await door.findScript(two.orgId, saved.script.id)).toBeNull();
    expect(await door.versionCode(two.orgId, saved.script.live.id)).toBeNull();
    expect(await door.versionSource(two.orgId, { id: saved.script.live.id })).toBeNull();
    expect((await refusalOf(door.rollBack(two.orgId, ada, "hello", saved.script.live.id))).code).toBe("not_found");
    expect((await refusalOf(door.createRoute(two.orgId, routeTo(saved.script.id, "/")))).code).toBe("not_found");
    expect(await door.deleteRoute(two.orgId, route.id)).toBe(false);
    expect(await door.deleteScript(two.orgId, saved.script.id)).toBe(false);
    expect((await published(two.slug))?.scripts).toEqual({ [twin.script.id]: expect.anything() });
    await door.deleteScript(one.orgId, "hello");
    expect(await testEnv.PROJECTIONS.get(codeKey(two.orgId, "hash-same"))).not.toBeNull();
  });
});
