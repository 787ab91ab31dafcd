import { describe, expect, it } from "vitest";

import type { VersionInput } from "../../contracts/doors.ts";
import { LINKED_CODE_BYTES_MAX, MODULE_DEPTH_MAX } from "../../contracts/limits.ts";
import { codeKey, type VersionCode } from "../../contracts/projection.ts";
import { ada, door, openedOrg, published, refusalOf, testEnv, upload } from "../testing/harness.ts";

/** A module that exports names and may import others; `takes` is module → names. */
function library(
  name: string,
  names: string[],
  takes: Record<string, string[]> = {},
  more: Partial<VersionInput> = {},
): VersionInput {
  const source = `${name}: ${names.join()} ${JSON.stringify(takes)} ${more.message ?? ""}`;
  const imports = Object.entries(takes).map(([module, taken]) => ({ module, names: taken }));
  return upload(source, { name, kind: "module", exports: { names, stars: [], open: false }, imports, ...more });
}

/** An endpoint that imports. */
function page(name: string, takes: Record<string, string[]>, more: Partial<VersionInput> = {}): VersionInput {
  return library(name, [], takes, { kind: "endpoint", exports: null, ...more });
}

/** An org in which these are saved, in order. */
async function orgWith(...inputs: VersionInput[]) {
  const org = await openedOrg();
  const save = (input: VersionInput) => door.saveScript(org.orgId, ada, input);
  for (const input of inputs) await save(input);
  const projected = async (name: string) =>
    Object.values((await published(org.slug))?.scripts ?? {}).find((script) => script.name === name);
  const codeAt = async (hash: string | undefined) =>
    testEnv.PROJECTIONS.get<VersionCode>(codeKey(org.orgId, hash ?? ""), "json");
  return { ...org, save, projected, codeAt };
}

describe("saving a script that imports modules", () => {
  it("publishes it with all of them, under a hash of the whole", async () => {
    const { projected, codeAt, orgId } = await orgWith(
      library("money", ["sum"]),
      library("cart", ["total"], { money: ["sum"] }),
      page("shop", { cart: ["total"] }),
    );
    const shop = await projected("shop");
    const code = await codeAt(shop?.hash);
    expect(Object.keys(code?.modules ?? {}).sort()).toEqual([
      ".modules/cart.js",
      ".modules/cart@1/.modules/money.js",
      ".modules/cart@1/index.js",
      ".modules/money.js",
      ".modules/money@1/index.js",
      "index.js",
    ]);
    expect(await door.versionCode(orgId, shop?.versionId ?? "", shop?.hash)).toEqual(code);
    expect(await door.versionCode(orgId, shop?.versionId ?? "", "another")).toBeNull();
  });

  it("says what it imports and who imports it", async () => {
    const { orgId } = await orgWith(library("money", ["sum"]), page("shop", { money: ["sum"] }));
    expect(await door.findScript(orgId, "shop")).toMatchObject({ imports: ["money"], usedBy: [] });
    expect(await door.findScript(orgId, "money")).toMatchObject({ imports: [], usedBy: ["shop"] });
  });

  it.each<[string, Record<string, string[]>, string, object]>([
    ["a module that is not there", { nowhere: ["x"] }, "no module of that name", { module: "nowhere", name: null }],
    ["an endpoint", { other: ["x"] }, 'The script "other" is an endpoint', { module: "other", name: null }],
    [
      "a name that is not exported",
      { money: ["sum", "product"] },
      "exports no product. It exports sum.",
      { module: "money", name: "product" },
    ],
    [
      "a default that is not there",
      { money: ["default"] },
      "Import a name in braces",
      { module: "money", name: "default" },
    ],
    ["itself", { shop: ["x"] }, "shop → shop", { module: "shop", name: null }],
  ])("is refused for %s", async (_, takes, reason, cause) => {
    const { save, orgId } = await orgWith(library("money", ["sum"]), page("other", {}));
    const refusal = await refusalOf(save(page("shop", takes)));
    expect(refusal.code).toBe("invalid");
    expect(refusal.message).toContain(reason);
    expect(refusal.details).toMatchObject({ issues: [{ reason: expect.stringContaining(reason) }], imports: [cause] });
    expect(await door.findScript(orgId, "shop")).toBeNull();
  });

  it("finds names that a module passes on from another", async () => {
    const passing = library(
      "all",
      [],
      {},
      { exports: { names: [], stars: ["money"], open: false }, imports: [{ module: "money", names: [] }] },
    );
    const { save } = await orgWith(library("money", ["sum", "default"]), passing);
    await save(page("shop", { all: ["sum"] }));
    expect((await refusalOf(save(page("shop", { all: ["default"] })))).message).toContain("exports no default");
    expect((await refusalOf(save(library("money", ["default"])))).details).toEqual({
      users: [{ name: "shop", imports: ["sum"] }],
    });
  });

  it("is refused for a circle, with its way", async () => {
    const { save } = await orgWith(
      library("a", ["x"]),
      library("b", ["x"], { a: ["x"] }),
      library("c", ["x"], { b: ["x"] }),
    );
    const refusal = await refusalOf(save(library("a", ["x"], { c: ["x"] })));
    expect(refusal.code).toBe("invalid");
    expect(refusal.message).toContain("a → c → b → a");
    expect((await refusalOf(save(library("a", ["x"], { a: ["x"] })))).message).toContain("a → a");
  });

  it("is refused for a chain that is too long, from above and from below", async () => {
    const chain = Array.from({ length: MODULE_DEPTH_MAX }, (_, index) => `m${index}`);
    const inputs = chain.map((name, index) => library(name, ["x"], index === 0 ? {} : { [`m${index - 1}`]: ["x"] }));
    const { save, orgId } = await orgWith(...inputs, library("base", ["x"]));
    await save(page("shop", { [chain.at(-1) ?? ""]: ["x"] }));
    const top = await refusalOf(save(library("top", ["x"], { [chain.at(-1) ?? ""]: ["x"] })));
    expect([top.code, top.message]).toEqual(["invalid", expect.stringContaining("top → m7 → m6")]);
    const bottom = await refusalOf(save(library("m0", ["x"], { base: ["x"] })));
    expect([bottom.code, bottom.message]).toEqual(["invalid", expect.stringContaining("m0 → base")]);
    expect((await door.findScript(orgId, "m0"))?.live.number).toBe(1);
  });

  it("is refused when it grows too large with its modules, and so is the module that makes it so", async () => {
    const half = "x".repeat(LINKED_CODE_BYTES_MAX / 2);
    const code = { main: "index.js", modules: { "index.js": half }, nodeCompat: false };
    const { save, orgId } = await orgWith(library("big", ["x"], {}, { code }), library("small", ["x"]));
    expect((await refusalOf(save(page("shop", { big: ["x"] }, { code })))).code).toBe("too_large");
    await save(page("shop", { small: ["x"] }, { code }));
    const refusal = await refusalOf(save(library("small", ["x"], {}, { code, message: "grown" })));
    expect([refusal.code, refusal.message]).toEqual(["too_large", expect.stringContaining('"shop"')]);
    expect((await door.findScript(orgId, "small"))?.live.number).toBe(1);
  });

  it("needs modules that were saved since modules can be imported", async () => {
    const { save } = await orgWith(library("old", ["x"], {}, { exports: null }));
    expect((await refusalOf(save(page("shop", { old: ["x"] })))).message).toContain("Save it once more");
    await save(library("old", ["x"]));
    await save(page("shop", { old: ["x"] }));
  });
});

describe("changing a module that others use", () => {
  const shopOrg = () =>
    orgWith(
      library("money", ["sum"]),
      library("cart", ["total"], { money: ["sum"] }),
      page("shop", { cart: ["total"] }),
      page("blog", {}),
    );

  it("links all that depend on it anew, and nothing else, without new versions of them", async () => {
    const { save, projected, codeAt } = await shopOrg();
    const [shop, blog] = [await projected("shop"), await projected("blog")];
    await save(library("money", ["sum", "product"]));
    const after = await projected("shop");
    expect(after).toMatchObject({ versionNumber: 1, versionId: shop?.versionId });
    expect(after?.hash).not.toBe(shop?.hash);
    const paths = async () => Object.keys((await codeAt(after?.hash))?.modules ?? {});
    await expect.poll(paths).toContain(".modules/money@2/index.js");
    expect(await projected("blog")).toEqual(blog);
  });

  it("leaves the code as it was published for edges that do not know yet, and takes it back later", async () => {
    const { save, projected, codeAt, orgId, slug } = await shopOrg();
    const before = await projected("shop");
    await save(library("money", ["sum", "product"]));
    expect(await codeAt(before?.hash)).not.toBeNull();
    await door.setOrgState(orgId, "destroying");
    await door.destroyOrg(orgId).catch(() => null);
    await expect.poll(() => published(slug)).toBeNull();
    await expect.poll(() => codeAt(before?.hash)).toBeNull();
  });

  it("and back again publishes what was live before", async () => {
    const { save, projected, codeAt, orgId } = await shopOrg();
    const before = await projected("shop");
    const code = await codeAt(before?.hash);
    await save(library("money", ["sum", "product"]));
    await door.rollBack(orgId, ada, "money", "1");
    expect((await projected("shop"))?.hash).toBe(before?.hash);
    expect(await codeAt(before?.hash)).toEqual(code);
  });

  it("is refused where it takes away what they import, and leaves everything as it was", async () => {
    const { save, slug, orgId } = await shopOrg();
    const before = await published(slug);
    const refusal = await refusalOf(save(library("money", ["product"])));
    expect(refusal.code).toBe("conflict");
    expect(refusal.message).toContain("cart needs sum");
    expect(refusal.details).toEqual({ users: [{ name: "cart", imports: ["sum"] }] });
    expect(await published(slug)).toEqual(before);
    expect((await door.findScript(orgId, "money"))?.live.number).toBe(1);
  });

  it("into an endpoint is refused, and so is deleting it", async () => {
    const { save, orgId } = await shopOrg();
    const endpoint = await refusalOf(save(page("money", {})));
    expect([endpoint.code, endpoint.details]).toEqual(["conflict", { users: [{ name: "cart", imports: ["money"] }] }]);
    const deleted = await refusalOf(door.deleteScript(orgId, "money"));
    expect([deleted.code, deleted.details]).toEqual(["conflict", { users: ["cart"] }]);
    for (const name of ["shop", "cart", "money"]) expect(await door.deleteScript(orgId, name)).toBe(true);
  });

  it("by going back checks what goes back against the modules of today", async () => {
    const { save, orgId } = await shopOrg();
    await save(page("shop", {}));
    await save(library("cart", ["other"], { money: ["sum"] }));
    const refusal = await refusalOf(door.rollBack(orgId, ada, "shop", "1"));
    expect([refusal.code, refusal.message]).toEqual([
      "invalid",
      expect.stringContaining('Version 1 of "shop" was not made live: The module "cart" exports no total.'),
    ]);
    await save(library("cart", ["total"], { money: ["sum"] }));
    expect((await door.rollBack(orgId, ada, "shop", "1")).live.number).toBe(1);
  });

  it("lets go of a module by a version that does not import it", async () => {
    const { save, orgId, projected } = await shopOrg();
    await save(page("shop", {}, { message: "alone" }));
    expect((await projected("shop"))?.hash).toContain("hash-shop");
    await save(library("cart", ["other"], { money: ["sum"] }));
    expect((await door.findScript(orgId, "cart"))?.usedBy).toEqual([]);
  });

  it("at the same time as a new user of it ends in one of two orders that both hold", async () => {
    const { save, orgId } = await orgWith(library("money", ["sum"]));
    const outcomes = await Promise.allSettled([
      save(page("shop", { money: ["sum"] })),
      save(library("money", ["product"])),
    ]);
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(1);
    const shop = await door.findScript(orgId, "shop");
    expect((await door.findScript(orgId, "money"))?.live.number).toBe(shop === null ? 2 : 1);
  });

  it("keeps code that another script is linked to under the same hash", async () => {
    const twin = (name: string) => ({ ...page("shop", { money: ["sum"] }), name });
    const { orgId, projected, codeAt } = await orgWith(library("money", ["sum"]), twin("one"), twin("two"));
    const hash = (await projected("two"))?.hash;
    expect((await projected("one"))?.hash).toBe(hash);
    await door.deleteScript(orgId, "one");
    expect(await codeAt(hash)).not.toBeNull();
    await door.deleteScript(orgId, "two");
    await expect.poll(() => codeAt(hash)).toBeNull();
  });
});

describe("the versions of a script", () => {
  it("say since when and by whom one is live", async () => {
    const { orgId, save } = await orgWith(page("shop", {}));
    const { script } = await save(page("shop", {}, { message: "two" }));
    const bob = { ...ada, id: "usr_bob", name: "Bob" };
    const back = await door.rollBack(orgId, bob, "shop", "1");
    expect(back.live).toMatchObject({ number: 1, author: ada, liveBy: bob });
    expect(back.live.liveSince).toBeGreaterThanOrEqual(script.live.liveSince ?? Infinity);
    const { items } = await door.listVersions(orgId, "shop", { cursor: null, limit: 10 });
    expect(items[0]).toMatchObject({ number: 2, live: false, liveSince: null, liveBy: null });
  });

  it("are compared with the one before, or with any that is kept", async () => {
    const { orgId, save } = await orgWith(page("shop", {}));
    expect(await door.versionPair(orgId, "shop", null, null)).toMatchObject({
      from: null,
      to: { version: { number: 1 } },
    });
    for (const message of ["two", "three"]) await save(page("shop", {}, { message }));
    const pair = await door.versionPair(orgId, "shop", null, null);
    expect([pair.from?.version.number, pair.to.version.number]).toEqual([2, 3]);
    const other = await door.versionPair(orgId, "shop", "3", "1");
    expect([other.from?.version.number, other.to.version.number]).toEqual([3, 1]);
    expect((await refusalOf(door.versionPair(orgId, "shop", "9", null))).code).toBe("not_found");
  });
});
