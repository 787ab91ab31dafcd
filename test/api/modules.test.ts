import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type Core, startCore } from "./support/core.ts";
import { claim, makeOrg, type Person } from "./support/people.ts";

let core: Core;
let owner: Person;
let count = 0;
let slug: string;
let orgId: string;
beforeAll(async () => {
  core = await startCore();
  owner = await claim(core);
});
beforeEach(async () => {
  count += 1;
  slug = `org-${count}`;
  orgId = await makeOrg(core, owner.token, slug);
});
afterAll(() => core.stop());

const call = (path: string, options: { method?: string; json?: unknown } = {}) =>
  core.call(`/api/v1/orgs/${slug}/scripts${path}`, { token: owner.token, ...options });
const save = (name: string, source: string, more: object = {}) =>
  call(`/${name}`, { method: "PUT", json: { source, ...more } });
const saveModule = (name: string, source: string) => save(name, source, { kind: "module" });
const hashOf = async (name: string): Promise<string> => {
  const { scripts } = (await core.door("state", "projection", orgId)).value;
  const script = Object.values<{ name: string; hash: string }>(scripts).find((found) => found.name === name);
  return script?.hash ?? "";
};

const SHOP = 'import { sum } from "money";\nexport default () => new Response(String(sum(1, 2)));\n';

describe("a script that imports a module", () => {
  test("is refused until the module is there, with file, line and column", async () => {
    const refused = await save("shop", `\n${SHOP}`);
    expect(refused.status).toBe(422);
    expect(refused.json.error.message).toMatch(/^The script was not saved: index\.ts:2:21 The package "money"/);
    expect(refused.json.error.details.issues[0]).toMatchObject({ file: "index.ts", line: 2, column: 21 });
    expect((await call("/shop")).status).toBe(404);
    await saveModule("money", "export const sum = (a: number, b: number) => a + b;");
    expect((await save("shop", SHOP)).status).toBe(200);
    expect((await call("/shop")).json).toMatchObject({ imports: ["money"], usedBy: [] });
    expect((await call("/money")).json).toMatchObject({ imports: [], usedBy: ["shop"] });
  });

  test("is refused for a name that the module does not export, at that name", async () => {
    await saveModule("money", "export const total = 1;");
    const refused = await save("shop", SHOP);
    expect(refused.json.error.details.issues).toEqual([
      { file: "index.ts", line: 1, column: 10, reason: 'The module "money" exports no sum. It exports total.' },
    ]);
  });

  test("is live with the module's new version when that is saved, as its own version", async () => {
    await saveModule("money", "export const sum = (a: number, b: number) => a + b;");
    const { live } = (await save("shop", SHOP)).json;
    const before = await hashOf("shop");
    await saveModule("money", "export const sum = (a: number, b: number) => a * b;");
    const code = (await core.door("state", "versionCode", orgId, live.id)).value;
    expect(code.modules[".modules/money@2/index.ts"]).toContain("a * b");
    expect(await hashOf("shop")).not.toBe(before);
    expect((await call("/shop")).json.live.number).toBe(1);
  });

  test("keeps the module from being deleted, from losing what it takes, and from becoming an endpoint", async () => {
    await saveModule("money", "export const sum = (a: number, b: number) => a + b;");
    await save("shop", SHOP);
    const deleted = await call("/money", { method: "DELETE" });
    expect([deleted.status, deleted.json.error.details]).toEqual([409, { users: ["shop"] }]);
    const lost = await saveModule("money", "export const total = 1;");
    expect([lost.status, lost.json.error.details]).toEqual([409, { users: [{ name: "shop", imports: ["sum"] }] }]);
    const endpoint = await save("money", "export const sum = 1; export default () => new Response();", {
      kind: "endpoint",
    });
    expect(endpoint.status).toBe(409);
    expect((await call("/money")).json).toMatchObject({ kind: "module", live: { number: 1 } });
  });

  test("is refused in a circle, with its way", async () => {
    await saveModule("a", "export const a = 1;");
    await saveModule("b", 'export { a as b } from "a";');
    const refused = await saveModule("a", 'export const a = 1;\nexport { b } from "b";');
    expect(refused.json.error.details.issues).toEqual([
      { file: "index.ts", line: 2, column: 19, reason: expect.stringContaining("a → b → a") },
    ]);
  });

  test("never finds a module of another org", async () => {
    await saveModule("money", "export const sum = (a: number, b: number) => a + b;");
    slug = `${slug}-b`;
    await makeOrg(core, owner.token, slug);
    expect((await save("shop", SHOP)).status).toBe(422);
  });
});

test.each(["path", "crypto", "isola", "hono"])(
  "a module is not called %s, for imports of that name mean another",
  async (name) => {
    const refused = await saveModule(name, "export const a = 1;");
    expect(refused.status).toBe(422);
    expect(refused.json.error.details.issues[0].field).toBe("name");
    expect((await save(name, "export default () => new Response();")).status).toBe(200);
  },
);

test("a module is not invoked by itself", async () => {
  await saveModule("money", "export const sum = 1;");
  const refused = await call("/money/invoke", { json: {} });
  expect([refused.status, refused.json.error.code]).toEqual([422, "invalid"]);
  expect((await core.edge()).invoked).toEqual([]);
});

describe("packages that need no bundling", () => {
  test("are listed with their versions", async () => {
    const { status, json } = await core.call("/api/v1/packages", { token: owner.token });
    expect(status).toBe(200);
    expect(json.items).toContainEqual({
      name: "zod",
      version: expect.stringMatching(/^4\./),
      imports: ["zod", "zod/mini"],
    });
  });

  test("are linked once for a script and its modules", async () => {
    await saveModule("schemas", 'import { z } from "zod";\nexport const name = z.string();');
    const source =
      'import { z } from "zod";\nimport { name } from "schemas";\nexport default () => z.object({ name });';
    const { live } = (await save("shop", source)).json;
    const code = (await core.door("state", "versionCode", orgId, live.id)).value;
    const large = Object.values<string>(code.modules).filter((text) => text.length > 10_000);
    const stored = Object.keys(code.modules).filter((path) => path.startsWith(".packages/"));
    expect(large.length).toBe(stored.length);
    expect(
      code.modules[stored.find((path) => path.includes("index"))?.replace(/^/, ".modules/schemas@1/") ?? ""],
    ).toMatch(/^export \* from "\.\.\/\.\.\/\.\.\/\.\.\/\.packages\/zod@[^"]+";\nexport \{ default \} from/);
  });

  test("are named where an import leads nowhere", async () => {
    const refused = await save("shop", 'import "lodash";\nexport default () => 1;');
    expect(refused.json.error.message).toContain("index.ts:1:8");
    expect(refused.json.error.message).toContain("Available without bundling: hono, itty-router, jose, zod.");
  });
});

describe("the versions of a script", () => {
  test("say who made one live and since when, also after a roll back", async () => {
    const first = await save("hi", "export default () => 'one';");
    await save("hi", "export default () => 'two';", { message: "better" });
    const back = await call("/hi/rollback", { json: { version: 1 } });
    expect(back.json.live).toMatchObject({ number: 1, liveBy: first.json.live.author });
    expect(back.json.live.liveSince).toBeGreaterThan(first.json.live.liveSince);
    const { items } = (await call("/hi/versions")).json;
    expect(items).toMatchObject([
      { number: 2, message: "better", live: false, liveSince: null, liveBy: null },
      { number: 1, live: true },
    ]);
  });

  test("are compared, by default the live one with the one before", async () => {
    await save("hi", "export default () => 'one';\n");
    expect((await call("/hi/diff")).json).toMatchObject({
      from: null,
      to: { number: 1 },
      files: [{ change: "added" }],
    });
    await save("hi", "export default () => 'two';\n");
    const compared = await call("/hi/diff");
    expect(compared.status).toBe(200);
    expect(compared.json).toMatchObject({ from: { number: 1 }, to: { number: 2, live: true } });
    expect(compared.json.files).toEqual([
      {
        path: "index.ts",
        change: "changed",
        added: 1,
        removed: 1,
        diff: "--- a/index.ts\n+++ b/index.ts\n@@ -1,1 +1,1 @@\n-export default () => 'one';\n+export default () => 'two';\n",
        note: null,
      },
    ]);
    expect((await call("/hi/diff?from=2&to=1")).json).toMatchObject({ from: { number: 2 }, to: { number: 1 } });
    expect((await call("/hi/diff?from=9")).status).toBe(404);
    expect((await call("/none/diff")).status).toBe(404);
  });

  test("that are no longer kept say so", async () => {
    for (let number = 1; number <= 102; number++) await save("hi", `export default () => ${number} + "";`);
    const back = await call("/hi/rollback", { json: { version: 1 } });
    expect([back.status, back.json.error.code]).toEqual([410, "gone"]);
    expect(back.json.error.message).toContain("no longer kept");
    expect((await call("/hi/diff?from=1")).status).toBe(410);
    expect((await call("/hi/rollback", { json: { version: 103 } })).status).toBe(404);
  });
});
