import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { anEntry, AT } from "../../testing/things.ts";
import { page, workplace } from "../../testing/workplace.ts";

describe("kv", () => {
  it("shows a value as JSON, or a text as it is", async () => {
    const { isola } = await workplace({
      getKv: ({ params }) => anEntry(params.key, params.key === "text" ? "hello" : { a: 1 }, 7),
    });
    const shown = await isola(["kv", "get", "settings", "theme"]);
    expect(shown).toMatchObject({ code: 0, out: '{\n  "a": 1\n}\n' });
    expect(shown.err).toMatch(/^version 7 of 2026-/);
    expect((await isola(["kv", "get", "settings", "text"])).out).toBe('"hello"\n');
    expect((await isola(["kv", "get", "settings", "text", "--raw"])).out).toBe("hello\n");
    const json = JSON.parse((await isola(["kv", "get", "settings", "a/b", "--output", "json"])).out);
    expect(json).toMatchObject({ key: "a/b", version: 7 });
  });

  it("lets no value rule the terminal", async () => {
    const { isola } = await workplace({ getKv: () => anEntry("k\u0007", "\u009b2J") }, { terminal: true });
    expect((await isola(["kv", "get", "c", "k"])).out).toBe('"\\u009b2J"\n');
  });

  it("sets JSON, text, a file or standard input, for a while, over a version", async () => {
    const { isola, plane, home } = await workplace({ putKv: ({ params, body }) => anEntry(params.key, body.value, 2) });
    await writeFile(join(home, "v.json"), '{"from":"file"}');
    const set = (...words: string[]) => isola(["kv", "set", "c", "k", ...words], { input: "[1]" });
    expect((await set('{"a":1}', "--ttl", "30m", "--if-version", "0")).out).toBe("k is set, version 2.\n");
    for (const words of [["@v.json"], ["-"], ["--text", "plain"], ["--", "-1"]])
      expect((await set(...words)).code).toBe(0);
    expect(plane.callsTo("PUT /api/v1/orgs/hello/kv/c/k").map(({ body }) => body)).toEqual([
      { value: { a: 1 }, ttlSeconds: 1800, ifVersion: 0 },
      { value: { from: "file" } },
      { value: [1] },
      { value: "plain" },
      { value: -1 },
    ]);
  });

  it.each([
    [["hello"], `The value hello is not JSON: `, `Text needs quotes of its own: '"hello"'.`],
    [["{a:1}"], "The value {a:1} is not JSON: ", ""],
    [["@missing.json"], "missing.json cannot be read", ""],
    [["1", "--ttl", "soon"], "--ttl must be a time such as 30s, 10m, 2h or 7d", ""],
  ])("refuses %j before anything is sent", async (words, message, hint) => {
    const { isola, plane } = await workplace({});
    const { code, err } = await isola(["kv", "set", "c", "k", ...words]);
    expect(code).not.toBe(0);
    expect(err).toContain(message);
    expect(err).toContain(hint);
    expect(err).not.toMatch(hint === "" ? /Text needs quotes/ : /^$/);
    expect(plane.seen).toEqual([]);
  });

  it("lists keys with values or without, and deletes one", async () => {
    const { isola, plane } = await workplace({
      listKv: ({ query }) =>
        page([{ ...anEntry("a\nb", query.values === false ? undefined : "x".repeat(300)), expiresAt: AT }]),
      deleteKv: () => undefined,
    });
    const { out } = await isola(["kv", "list", "c", "--prefix", "a"]);
    expect(out).toMatch(/^KEY +VERSION +WRITTEN +GONE +VALUE\na\\nb +1 +2026-\S+ \S+ +2026-\S+ \S+ +"x{119}…$/m);
    expect((await isola(["kv", "list", "c", "--keys"])).out).not.toContain("VALUE");
    expect(plane.seen.map(({ path }) => path)).toEqual([
      "/api/v1/orgs/hello/kv/c?limit=50&prefix=a",
      "/api/v1/orgs/hello/kv/c?limit=50&values=false",
    ]);
    expect((await isola(["kv", "delete", "c", "a/b", "--if-version", "3"])).out).toBe("a/b is deleted.\n");
    expect(plane.seen.at(-1)?.path).toBe("/api/v1/orgs/hello/kv/c/a%2Fb?ifVersion=3");
  });
});

describe.each(["kv", "docs"] as const)("collections of %s", (kind) => {
  it("are listed and measured", async () => {
    const bytes = { bytes: 512 * 1024, bytesMax: 1024 * 1024 };
    const { isola } = await workplace({
      listKvCollections: () => page([{ name: "settings", createdAt: AT }]),
      listDocsCollections: () => page([{ name: "settings", createdAt: AT }]),
      getCollection: ({ params }) => ({
        kind: params.kind,
        name: params.collection,
        count: 12,
        ...bytes,
        warning: "Take something out.",
      }),
    });
    expect((await isola([kind, "collections"])).out).toMatch(/^settings +2026-/m);
    const { out, err } = await isola([kind, "stats", "settings"]);
    expect(out).toMatch(/^(keys|documents) +12\nsize +512\.0 KB of 1\.0 MB \(50\.0 %\)$/m);
    expect(err).toBe("Take something out.\n");
  });

  it("are dropped only by who says so", async () => {
    const { isola, plane, questions } = await workplace({ deleteCollection: () => undefined });
    const words = [kind, "drop", "settings"];
    expect((await isola(words)).code).toBe(2);
    expect((await isola(words, { answers: ["setings"] })).code).toBe(1);
    expect(plane.seen).toEqual([]);
    expect(await isola(words, { answers: ["settings"] })).toMatchObject({
      code: 0,
      out: "All of settings is removed.\n",
    });
    expect((await isola([...words, "--yes"])).code).toBe(0);
    expect(plane.seen.map(({ path }) => path)).toEqual(
      Array(2).fill(`/api/v1/orgs/hello/collections/${kind}/settings?confirm=settings`),
    );
    expect(questions[0]?.question).toContain("Type settings to go on");
  });
});
