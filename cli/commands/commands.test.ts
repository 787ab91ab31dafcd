import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { PlatformError } from "../../contracts/errors.ts";
import { newId } from "../../contracts/ids.ts";
import { effectiveLimits } from "../../contracts/script-limits.ts";
import type { Answers } from "../testing/control-plane.ts";
import { aKey, anExecution, anOrg, anOrgInFull, aRoute, aScript, AT, aVersion } from "../testing/things.ts";
import { page, workplace } from "../testing/workplace.ts";

describe("orgs", () => {
  it("list as a table, and as JSON", async () => {
    const orgs = [anOrg("hello"), anOrg("shop")];
    const { isola } = await workplace({ listOrgs: () => page(orgs) });
    const { code, out, err } = await isola(["orgs", "list"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["SLUG", "NAME", "STATE", "ROLE", "URL"],
      ["hello", "hello", "running", "owner", "http://hello.localhost:8787"],
      ["shop", "shop", "running", "owner", "http://shop.localhost:8787"],
      [""],
    ]);
    expect(JSON.parse((await isola(["orgs", "list", "--output", "json"])).out)).toEqual(page(orgs));
  });

  it("are read page after page, as far as was asked", async () => {
    const orgs = Array.from({ length: 230 }, (_, index) => anOrg(`org-${index}`));
    const { isola, plane } = await workplace({
      listOrgs: ({ query: { cursor, limit = 50 } }) => {
        const from = Number(cursor ?? 0);
        const end = from + limit;
        return { items: orgs.slice(from, end), cursor: end < orgs.length ? String(end) : null };
      },
    });
    const count = async (...words: string[]) => {
      const { items, cursor } = JSON.parse((await isola(["orgs", "list", "--output", "json", ...words])).out);
      return [items.length, cursor];
    };
    expect(await count()).toEqual([50, "50"]);
    expect(await count("--limit", "3", "--cursor", "7")).toEqual([3, "10"]);
    expect(await count("--limit", "120")).toEqual([120, "120"]);
    plane.seen.length = 0;
    expect(await count("--all")).toEqual([230, null]);
    expect(plane.seen).toHaveLength(3);
    expect((await isola(["orgs", "list"])).err).toBe("There is more: --cursor 50, or --all.\n");
  });

  it("are made", async () => {
    const { isola, plane } = await workplace({ createOrg: ({ body }) => ({ ...anOrg(body.slug), name: "Shop" }) });
    expect(await isola(["orgs", "create", "shop", "--name", "Shop"])).toEqual({
      code: 0,
      out: "shop answers at http://shop.localhost:8787\n",
      err: "",
    });
    expect(plane.seen[0]?.body).toEqual({ slug: "shop", name: "Shop" });
  });

  it("are shown", async () => {
    const { isola } = await workplace({ getOrg: ({ params }) => anOrgInFull(params.slug) });
    expect((await isola(["orgs", "get", "hello"])).out).toMatch(/^slug +hello$/m);
  });

  it("are destroyed only when the slug is typed", async () => {
    const { isola, plane, questions } = await workplace({ deleteOrg: () => undefined });
    const words = ["orgs", "delete", "hello"];
    expect((await isola(words, { answers: ["hallo"] })).code).toBe(1);
    expect((await isola([...words, "--confirm", "hallo"])).code).toBe(1);
    expect((await isola(words)).code).toBe(2);
    expect(plane.seen).toEqual([]);
    expect((await isola(words, { answers: ["hello"] })).code).toBe(0);
    expect((await isola([...words, "--confirm", "hello"])).code).toBe(0);
    expect(plane.seen.map((request) => request.path)).toEqual(Array(2).fill("/api/v1/orgs/hello?confirm=hello"));
    expect(questions[0]?.question).toContain("Type its slug");
  });
});

describe("keys", () => {
  it("are listed without the keys themselves", async () => {
    const key = { ...aKey("ci"), expiresAt: AT };
    const { isola } = await workplace({ listKeys: () => page([key]) });
    const { out } = await isola(["keys", "list"]);
    expect(out).toContain(key.id);
    expect(out).toContain("2026-11-2");
  });

  it("are made with scopes, an org and an end, and shown alone on standard output", async () => {
    const { isola, plane } = await workplace({
      createKey: ({ body }) => ({ ...aKey(body.name), key: "isola_secret" }),
    });
    const words = "keys create --name ci --scope scripts:write --scope read --org hello --expires 30d".split(" ");
    const { code, out, err } = await isola(words);
    expect({ code, out }).toEqual({ code: 0, out: "isola_secret\n" });
    expect(err).toContain("not shown again");
    const body = plane.seen[0]?.body as { expiresAt: number };
    expect(body).toMatchObject({ name: "ci", scopes: ["scripts:write", "read"], org: "hello" });
    expect(Math.abs(body.expiresAt - Date.now() - 30 * 86_400_000)).toBeLessThan(60_000);
  });

  it("are revoked", async () => {
    const { isola, plane } = await workplace({ revokeKey: () => undefined });
    const id = newId("key");
    expect(JSON.parse((await isola(["keys", "revoke", id, "--output", "json"])).out)).toEqual({ revoked: id });
    expect(plane.callsTo(`DELETE /api/v1/keys/${id}`)).toHaveLength(1);
  });
});

describe("scripts", () => {
  it("are listed", async () => {
    const { isola } = await workplace({ listScripts: () => page([aScript("hello", 3)]) });
    expect((await isola(["scripts", "list"])).out).toMatch(/^hello +endpoint +v3 +1\.2 KB/m);
  });

  it("are shown with the files of a version", async () => {
    const files = { "index.ts": "export default () => 1;", "lib/a.ts": "export const a = 1;" };
    const { isola, plane } = await workplace({
      getScript: () => ({
        ...aScript("hello", 3),
        version: { ...aVersion(2), live: false },
        main: "index.ts",
        files,
        imports: [],
        usedBy: [],
      }),
    });
    const { out } = await isola(["scripts", "get", "hello", "--version", "2"]);
    expect(plane.seen[0]?.path).toBe("/api/v1/orgs/hello/scripts/hello?version=2");
    expect(out).toMatch(/^version +2; live is 3$/m);
    expect(out).toMatch(/^ {2}index\.ts +23 B +entry$/m);
    expect(JSON.parse((await isola(["scripts", "get", "hello", "--output", "json"])).out).files).toEqual(files);
  });

  it("list their versions, go back to one, and are deleted", async () => {
    const { isola, plane } = await workplace({
      listVersions: () => page([aVersion(2), { ...aVersion(1), live: false, message: "First" }]),
      rollBackScript: () => aScript("hello", 1),
      deleteScript: () => undefined,
    });
    expect((await isola(["scripts", "versions", "hello"])).out).toMatch(/^2 .* live since 2026-\d\d-\d\d \S+ by Ada$/m);
    expect((await isola(["scripts", "rollback", "hello", "1"])).out).toMatch(/^hello v1 is live again, in \d+ ms\.\n$/);
    const id = newId("version");
    await isola(["scripts", "rollback", "hello", id]);
    expect(plane.callsTo("POST /api/v1/orgs/hello/scripts/hello/rollback").map((call) => call.body)).toEqual([
      { version: 1 },
      { version: id },
    ]);
    expect((await isola(["scripts", "delete", "hello"])).code).toBe(0);
    expect(plane.callsTo("DELETE /api/v1/orgs/hello/scripts/hello")).toHaveLength(1);
  });
});

describe("scripts rollback", () => {
  const versionsOf = (live: number, ...numbers: number[]) =>
    page(numbers.map((number) => ({ ...aVersion(number), live: number === live })));

  it("goes to the newest version before the live one when none is named", async () => {
    const { isola, plane } = await workplace({
      listVersions: () => versionsOf(5, 7, 5, 3, 1),
      rollBackScript: () => ({ ...aScript("hello", 3), live: { ...aVersion(3), message: "Fix" } }),
    });
    const { out } = await isola(["scripts", "rollback", "hello"]);
    expect(out).toMatch(/^hello v3 "Fix" is live again/);
    expect(plane.callsTo("POST /api/v1/orgs/hello/scripts/hello/rollback")[0]?.body).toEqual({ version: 3 });
    const json = JSON.parse((await isola(["scripts", "rollback", "hello", "--output", "json"])).out);
    expect(json).toMatchObject({ name: "hello", live: { number: 3 }, durationMs: expect.any(Number) });
  });

  it("says so when there is no earlier version", async () => {
    const { isola, plane } = await workplace({ listVersions: () => versionsOf(2, 4, 2) });
    const { code, err } = await isola(["scripts", "rollback", "hello"]);
    expect(code).toBe(1);
    expect(err).toContain("hello has no version before v2 that is kept.");
    expect(plane.callsTo("POST /api/v1/orgs/hello/scripts/hello/rollback")).toEqual([]);
  });
});

describe("scripts diff", () => {
  const files = [
    {
      path: "index.ts",
      change: "changed" as const,
      added: 1,
      removed: 1,
      diff: "--- index.ts\n+++ index.ts\n@@ -1,2 +1,2 @@\n same\n-old\u001b[2J\n+new\n",
      note: null,
    },
    { path: "big.txt", change: "added" as const, added: 9, removed: 0, diff: null, note: "too large to show" },
    { path: "same.ts", change: "unchanged" as const, added: 0, removed: 0, diff: null, note: null },
  ];
  const answers: Answers = {
    diffScript: () => ({ from: { ...aVersion(2), live: false, message: "Slow" }, to: aVersion(3), files }),
  };

  it("prints what changed, plainly where nobody looks at it", async () => {
    const { isola, plane } = await workplace(answers);
    const { out } = await isola(["scripts", "diff", "hello", "2", "3"]);
    expect(plane.seen[0]?.path).toBe("/api/v1/orgs/hello/scripts/hello/diff?from=2&to=3");
    expect(out).toMatch(/^from v2 of 2026-\S+ \S+ by Ada: Slow\nto {3}v3 of /);
    expect(out).toContain(
      "index.ts changed, +1 -1\n--- index.ts\n+++ index.ts\n@@ -1,2 +1,2 @@\n same\n-old\\u001b[2J\n+new\n",
    );
    expect(out).toContain("\nbig.txt added, +9 -0\ntoo large to show\n");
    expect(out).not.toContain("same.ts");
    await isola(["scripts", "diff", "hello"]);
    expect(plane.seen[1]?.path).toBe("/api/v1/orgs/hello/scripts/hello/diff");
    expect(JSON.parse((await isola(["scripts", "diff", "hello", "--output", "json"])).out).files).toEqual(files);
  });

  it("colours it for a terminal", async () => {
    const { isola } = await workplace(answers, { terminal: true });
    const { out } = await isola(["scripts", "diff", "hello"]);
    expect(out).toContain("\u001b[32m+new\u001b[39m");
    expect(out).toContain("\u001b[31m-old\\u001b[2J\u001b[39m");
    expect(out).toContain("\u001b[36m@@ -1,2 +1,2 @@\u001b[39m");
  });

  it("says so when nothing differs", async () => {
    const { isola } = await workplace({ diffScript: () => ({ from: null, to: aVersion(1), files: [] }) });
    expect((await isola(["scripts", "diff", "hello"])).out).toMatch(
      /the first that is kept\nNo file of hello differs\./,
    );
  });
});

describe("limits", () => {
  it("are shown with what holds for others and the most there is, under the org's own ceilings", async () => {
    const limits = { ...effectiveLimits({}), cpuMs: 40 };
    const settings = { egress: { allow: [], deny: [] }, concurrencyMax: 100, ceilings: { cpuMs: 60 } };
    const { isola, plane } = await workplace({
      getOrg: () => ({ ...anOrgInFull("hello"), settings }),
      getScript: () => ({
        ...aScript("hello"),
        limits,
        version: aVersion(1),
        main: "a.ts",
        files: {},
        imports: ["greetings"],
        usedBy: [],
      }),
    });
    const { out } = await isola(["scripts", "get", "hello"]);
    expect(out).toMatch(/^ {2}cpuMs +40 +default 50 +at most 60$/m);
    expect(out).toMatch(/^ {2}wallClockMs +10000 +default 10000 +at most 30000$/m);
    expect(out).toMatch(/^imports +greetings$/m);
    plane.answers.getOrg = () => {
      throw new PlatformError("forbidden", "The key may not do this.");
    };
    expect((await isola(["scripts", "get", "hello"])).out).toMatch(/^ {2}cpuMs +40 +default 50 +at most 500$/m);
  });

  it("are changed without a new version", async () => {
    const { isola, plane } = await workplace({ patchScript: () => aScript("hello") });
    const words = ["scripts", "set", "hello", "--limit", "cpuMs=50", "--limit", "wall-clock-ms=2000"];
    expect((await isola(words)).out).toContain("hello is changed.\nlimits\n  wallClockMs ");
    await isola(["scripts", "set", "hello", "--description", "Greets"]);
    expect(plane.callsTo("PATCH /api/v1/orgs/hello/scripts/hello").map((call) => call.body)).toEqual([
      { limits: { cpuMs: 50, wallClockMs: 2000 } },
      { description: "Greets" },
    ]);
  });

  it.each([
    [[], "Nothing to change"],
    [["--limit", "cpuMs"], '--limit must be like cpuMs=50, not "cpuMs".'],
    [["--limit", "cpuM=5"], 'There is no limit "cpuM". Did you mean cpuMs?'],
    [["--limit", "cpuMs=501"], "The limit cpuMs goes from 5 to 500; 501 is beyond it."],
    [["--limit", "cpuMs=-1"], "--limit must be like"],
  ])("%j are refused before anything is sent", async (words, message) => {
    const { isola, plane } = await workplace({});
    const { code, err } = await isola(["scripts", "set", "hello", ...words]);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(plane.seen).toEqual([]);
  });
});

describe("routes", () => {
  it("are listed in the order in which they match", async () => {
    const routes = [aRoute("shop", "GET", "/a", "shop.example.com"), aRoute("hello", "ANY", "/*")];
    const { isola } = await workplace({ listRoutes: () => page(routes) });
    const lines = (await isola(["routes", "list"])).out.split("\n");
    expect(lines[1]).toMatch(/^GET +shop\.example\.com +\/a +shop +sync +rte_/);
    expect(lines[2]).toMatch(/^ANY +any +\/\* +hello +sync +rte_/);
  });

  it("are made from the short way to write them", async () => {
    const { isola, plane } = await workplace({
      createRoute: ({ body }) => ({
        ...aRoute(body.script, body.method, body.path, body.host ?? null),
        dispatch: body.dispatch,
      }),
    });
    const { out } = await isola(["routes", "create", "get Shop.example.com/users/:id", "--script", "users"]);
    expect(out).toContain("GET shop.example.com/users/:id is answered by users (rte_");
    expect(plane.seen[0]?.body).toEqual({
      method: "GET",
      host: "shop.example.com",
      path: "/users/:id",
      script: "users",
      dispatch: "sync",
    });
    const later = await isola(["routes", "create", "POST /jobs", "--script", "jobs", "--async"]);
    expect(later.out).toContain("POST /jobs is run later by jobs (rte_");
    expect(plane.seen[1]?.body).toMatchObject({ dispatch: "async" });
  });

  it("are deleted by id or as they are written", async () => {
    const route = aRoute("hello", "GET", "/hello/:name");
    const { isola, plane } = await workplace({ listRoutes: () => page([route]), deleteRoute: () => undefined });
    await isola(["routes", "delete", route.id]);
    await isola(["routes", "delete", "GET /hello/:name"]);
    expect(plane.callsTo(`DELETE /api/v1/orgs/hello/routes/${route.id}`)).toHaveLength(2);
    const { code, err } = await isola(["routes", "delete", "POST /hello/:name"]);
    expect(code).toBe(1);
    expect(err).toContain("hello has no route POST /hello/:name");
  });

  it("are checked, with exit code 1 for a conflict", async () => {
    const other = aRoute("other", "GET", "/users/:name");
    const { isola, plane } = await workplace({ checkRoute: () => ({ ok: false, conflicts: [other] }) });
    const { code, out } = await isola(["routes", "check", "GET /users/:id"]);
    expect(code).toBe(1);
    expect(out).toBe(`GET /users/:id conflicts with:\n  GET /users/:name of other (${other.id})\n`);
    plane.answers.checkRoute = () => ({ ok: true, conflicts: [] });
    expect((await isola(["routes", "check", "/x"])).out).toBe("ANY /x conflicts with nothing.\n");
  });

  it("are matched, by URL or by a path on the org's own host", async () => {
    const route = aRoute("hello", "GET", "/hello/:name");
    const { isola, plane } = await workplace({
      getOrg: () => anOrgInFull("hello"),
      matchRoute: () => ({ route, params: { name: "ada" }, allow: [] }),
    });
    const { code, out } = await isola(["routes", "match", "/hello/ada"]);
    expect(code).toBe(0);
    expect(out).toContain("is answered by hello, by GET /hello/:name\n  name = ada\n");
    await isola(["routes", "match", "http://x.example/y", "--method", "post"]);
    expect(plane.callsTo("POST /api/v1/orgs/hello/routes/match").map((call) => call.body)).toEqual([
      { url: "http://hello.localhost:8787/hello/ada", method: "GET" },
      { url: "http://x.example/y", method: "POST" },
    ]);
    plane.answers.matchRoute = () => ({ route: null, params: {}, allow: ["GET", "HEAD"] });
    const nothing = await isola(["routes", "match", "/hello/ada", "--method", "PUT"]);
    expect(nothing.code).toBe(1);
    expect(nothing.out).toContain("The path knows other methods: GET, HEAD.");
  });
});

describe("invoke", () => {
  const answer = {
    executionId: newId("execution"),
    status: 201,
    headers: { "content-type": "text/plain" },
    body: "made\n",
    bodyEncoding: "utf8" as "utf8" | "base64",
    truncated: false,
    durationMs: 2.5,
    lines: [{ at: AT, level: "warn" as const, text: "careful" }],
    error: null as { name: string; message: string; stack: string } | null,
  };

  it("prints the body alone on standard output, and the rest beside it", async () => {
    const { isola, plane } = await workplace({ invokeScript: () => answer });
    const { code, out, err } = await isola(["invoke", "hello", "--path", "/x?y=1", "-H", "x-a: b", "--data", "hi"]);
    expect({ code, out }).toEqual({ code: 0, out: "made\n" });
    expect(err).toContain(`201 in 2.5 ms ${answer.executionId}`);
    expect(err).toContain("content-type: text/plain");
    expect(err).toContain("warn  careful");
    expect(plane.seen[0]?.body).toEqual({ method: "POST", path: "/x?y=1", headers: { "x-a": "b" }, body: "hi" });
    expect(JSON.parse((await isola(["invoke", "hello", "--output", "json"])).out)).toEqual(answer);
    expect(plane.seen[1]?.body).toEqual({ method: "GET", path: "/", headers: {}, body: null });
  });

  it("takes the body from a file or from standard input", async () => {
    const { home, isola, plane } = await workplace({ invokeScript: () => answer });
    await writeFile(join(home, "item.json"), '{"a":1}');
    await isola(["invoke", "hello", "-d", "@item.json"]);
    await isola(["invoke", "hello", "-d", "-"], { input: "typed" });
    expect(plane.seen.map((call) => (call.body as { body: string }).body)).toEqual(['{"a":1}', "typed"]);
    const { code, err } = await isola(["invoke", "hello", "-d", "@missing.json"]);
    expect(code).toBe(1);
    expect(err).toContain("--data @missing.json cannot be read");
  });

  it("hands bytes on as they are, though not to a terminal", async () => {
    const bytes = Buffer.from([0, 255, 27, 91]);
    const { isola } = await workplace({
      invokeScript: () => ({ ...answer, body: bytes.toString("base64"), bodyEncoding: "base64" }),
    });
    expect((await isola(["invoke", "hello"])).out).toBe(bytes.toString("latin1"));
    expect((await isola(["invoke", "hello"], { terminal: true })).out).toBe("(4 bytes that are not text)\n");
  });

  it("shows a script's own error and ends with exit code 1", async () => {
    const error = { name: "TypeError", message: "No x", stack: "TypeError: No x\n    at f (index.ts:3:9)" };
    const { isola } = await workplace({ invokeScript: () => ({ ...answer, status: 502, error }) });
    const { code, err } = await isola(["invoke", "hello"]);
    expect(code).toBe(1);
    expect(err).toContain("    TypeError: No x\n        at f (index.ts:3:9)\n");
  });
});

describe("routes match", () => {
  const routes = [
    aRoute("greet", "GET", "/greet"),
    aRoute("users", "GET", "/users/:id"),
    aRoute("shop", "ANY", "/cart", "shop.example.com"),
    aRoute("hooks", "ANY", "/hooks/*"),
  ];

  it.each([
    ["/greet/", "GET /greet (greet) takes /greet; the slash at the end makes another path."],
    ["/Greet", "GET /greet (greet) takes /greet; upper and lower case are different."],
    ["/hooks", "ANY /hooks/* (hooks) takes /hooks/; the slash at the end makes another path."],
    ["/cart", "ANY shop.example.com/cart (shop) takes the path, but on its own host only."],
    ["/users/7/posts", "Its segments fit none of the routes that begin alike: GET /users/:id (users)."],
    ["/nothing", "No route begins like it"],
    ["/.isola/x", "belong to the platform"],
  ])("says why nothing answers %s", async (path, reason) => {
    const { isola } = await workplace({
      getOrg: () => anOrgInFull("hello"),
      matchRoute: () => ({ route: null, params: {}, allow: [] }),
      listRoutes: () => page(routes),
    });
    const { code, out } = await isola(["routes", "match", path]);
    expect(code).toBe(1);
    expect(out).toContain(`Nothing answers GET http://hello.localhost:8787${path}.\n`);
    expect(out).toContain(reason);
    expect(JSON.parse((await isola(["routes", "match", path, "--output", "json"])).out).why[0]).toContain(reason);
  });

  it("says that an org has no routes at all", async () => {
    const { isola } = await workplace({
      matchRoute: () => ({ route: null, params: {}, allow: [] }),
      listRoutes: () => page([]),
    });
    expect((await isola(["routes", "match", "http://hello.localhost:8787/"])).out).toContain("The org has no routes.");
  });
});

describe("logs", () => {
  const older = anExecution("/older");
  const newer = {
    ...anExecution("/newer"),
    status: 502,
    outcome: "error" as const,
    lines: [{ at: AT, level: "error" as const, text: "first\nsecond" }],
    error: { name: "Error", message: "Boom", stack: "Error: Boom\n    at index.ts:7:3" },
  };

  it("show the newest last, each with its console lines and its error", async () => {
    const { isola, plane } = await workplace({ listExecutions: () => page([newer, older]) });
    const { code, out } = await isola(["logs", "--script", "hello", "--status", "error", "--limit", "5"]);
    expect(code).toBe(0);
    expect(plane.seen[0]?.path).toBe("/api/v1/orgs/hello/executions?limit=5&script=hello&status=error");
    expect(out.indexOf("/older")).toBeLessThan(out.indexOf("/newer"));
    expect(out).toContain("502 error  GET /newer  hello v2 1.3 ms exe_");
    expect(out).toContain("    error first\n    second\n    Error: Boom\n        at index.ts:7:3\n");
  });

  it("are the API's own list in JSON, newest first", async () => {
    const { isola } = await workplace({ listExecutions: () => page([newer, older]) });
    expect(JSON.parse((await isola(["logs", "--output", "json"])).out)).toEqual(page([newer, older]));
  });

  it("never let a tenant's text drive the terminal", async () => {
    const hostile = {
      ...anExecution("/a\u001b[2J\r\nb"),
      lines: [{ at: AT, level: "log" as const, text: "\u001b]0;x\u0007\u202e" }],
    };
    const { isola } = await workplace({ listExecutions: () => page([hostile]) }, { terminal: true });
    const { out } = await isola(["logs"], { env: { NO_COLOR: "1" } });
    expect(out).toContain("GET /a\\u001b[2J\\nb");
    expect(out).toContain("\\u001b]0;x\\u0007\\u202e");
    // eslint-disable-next-line no-control-regex -- these are what must not be there
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  it("are coloured for a terminal alone, and not under NO_COLOR", async () => {
    const { isola } = await workplace({ listExecutions: () => page([newer]) });
    expect((await isola(["logs"], { terminal: true })).out).toContain("\u001b[31m502 error\u001b[39m");
    expect((await isola(["logs"], { terminal: true, env: { NO_COLOR: "1" } })).out).not.toContain("\u001b");
    expect((await isola(["logs"])).out).not.toContain("\u001b");
  });
});
