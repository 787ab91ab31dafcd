import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { describe, expect, it } from "vitest";

import { PlatformError } from "../../contracts/errors.ts";
import { startControlPlane, TOKEN, type Answers } from "../testing/control-plane.ts";
import { newComputer, type World } from "../testing/host.ts";
import { anOrgInFull, aRoute, aScript } from "../testing/things.ts";
import type { ApiRoute } from "../session/route-text.ts";

const SCRIPT = "const greet = (name: string) => ({ hello: name });\nexport default () => greet('world');\n";

interface Sent {
  files: Record<string, string>;
  main: string;
  sourceMap?: string;
  message?: string;
}

/** A control plane with an org `hello` and these routes, and a computer with these files. */
async function workplace(routes: ApiRoute[], files: Record<string, string>, answers: Answers = {}) {
  const plane = await startControlPlane({
    getOrg: ({ params }) => anOrgInFull(params.slug),
    listRoutes: () => ({ items: routes, cursor: null }),
    putScript: ({ params }) => aScript(params.name, 3),
    createRoute: ({ body }) => {
      const route = aRoute(body.script, body.method, body.path, body.host ?? null);
      routes.push(route);
      return route;
    },
    ...answers,
  });
  const computer = await newComputer({ env: { ISOLA_URL: plane.url, ISOLA_TOKEN: TOKEN, ISOLA_ORG: "hello" } });
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(computer.home, path)), { recursive: true });
    await writeFile(join(computer.home, path), text);
  }
  const deploy = (words: string[], world?: World) => computer.isola(["deploy", ...words], world);
  const sent = (script: string): Sent => plane.callsTo(`PUT /api/v1/orgs/hello/scripts/${script}`)[0]?.body as Sent;
  const routesMade = () => plane.callsTo("POST /api/v1/orgs/hello/routes").map((call) => call.body);
  return { plane, home: computer.home, deploy, sent, routesMade };
}

describe("deploy", () => {
  it("bundles, uploads with a source map, and gives an org's first script every request", async () => {
    const { deploy, sent, routesMade } = await workplace([], { "hello.ts": SCRIPT });
    const { code, out, err } = await deploy(["hello.ts", "-m", "First"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^hello v3 is live: [0-9]+ B in [0-9]+ ms\n {2}ANY http:\/\/hello\.localhost:8787\/\*\n$/);
    expect(err).toBe("hello had no routes: ANY /* now leads to hello.\n");
    const upload = sent("hello");
    expect(upload.main).toBe("index.js");
    expect(upload.message).toBe("First");
    expect(Object.keys(upload.files)).toEqual(["index.js"]);
    expect(upload.files["index.js"]).not.toContain(": string");
    expect(JSON.parse(upload.sourceMap ?? "")).toMatchObject({ version: 3, sources: ["hello.ts"] });
    expect(routesMade()).toEqual([{ method: "ANY", host: null, path: "/*", script: "hello" }]);
  });

  it("answers one JSON document with what is live", async () => {
    const { deploy } = await workplace([], { "hello.ts": SCRIPT });
    const { code, out, err } = await deploy(["hello.ts", "--route", "GET /hello/:name", "--output", "json"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toMatchObject({
      script: { name: "hello", live: { number: 3 } },
      routes: [{ method: "GET", path: "/hello/:name" }],
      urls: ["http://hello.localhost:8787/hello/:name"],
      sizeBytes: expect.any(Number),
      durationMs: expect.any(Number),
    });
  });

  it("makes each route once, however often it is deployed", async () => {
    const { deploy, routesMade } = await workplace([], { "hello.ts": SCRIPT });
    const words = ["hello.ts", "--route", "get /hello", "--route", "GET /hello/:name", "--route", "GET /hello"];
    expect((await deploy(words)).code).toBe(0);
    expect((await deploy(words)).code).toBe(0);
    expect(routesMade()).toMatchObject([{ path: "/hello" }, { path: "/hello/:name" }]);
  });

  it("leaves the routes of a script alone when none is asked for", async () => {
    const routes = [aRoute("hello", "GET", "/a"), aRoute("other", "ANY", "/*")];
    const { deploy, routesMade } = await workplace(routes, { "hello.ts": SCRIPT });
    const { out } = await deploy(["hello.ts"]);
    expect(out).toContain("  GET http://hello.localhost:8787/a\n");
    expect(out).not.toContain("/*");
    expect(routesMade()).toEqual([]);
  });

  it("says how to add a route when the org has routes and none leads to the script", async () => {
    const { deploy, routesMade } = await workplace([aRoute("other", "ANY", "/*")], { "hello.ts": SCRIPT });
    const { code, err } = await deploy(["hello.ts"]);
    expect(code).toBe(0);
    expect(err).toContain('isola routes create "GET /hello" --script hello --org hello');
    expect(err).toContain("/.isola/v1/execute/hello");
    expect(routesMade()).toEqual([]);
  });

  it("shows both routes of a conflict, before anything is uploaded", async () => {
    const other = aRoute("other", "ANY", "/users/:name");
    const { deploy, plane } = await workplace([other], { "hello.ts": SCRIPT });
    const { code, err } = await deploy(["hello.ts", "--route", "GET /users/:id"]);
    expect(code).toBe(1);
    expect(err).toContain(`GET /users/:id for hello conflicts with ANY /users/:name of other (${other.id})`);
    expect(plane.seen.every((request) => request.method === "GET")).toBe(true);
    const twins = await deploy(["hello.ts", "--route", "GET /a/:x", "--route", "GET /a/:y"]);
    expect(twins.err).toContain("The routes GET /a/:x and GET /a/:y conflict.");
    const json = await deploy(["hello.ts", "--route", "GET /users/:id", "--output", "json"]);
    expect(JSON.parse(json.out).error).toMatchObject({ code: "conflict", details: { conflicts: [{ id: other.id }] } });
  });

  it("names the script after its file or folder, as far as a name can be made of it", async () => {
    const files = {
      "My App.ts": SCRIPT,
      "site/index.ts": SCRIPT,
      "pkg/package.json": '{ "name": "@me/shop", "main": "start.js" }',
      "pkg/start.js": "export default () => 1;",
      "???.ts": SCRIPT,
    };
    const { deploy, plane } = await workplace([], files);
    for (const path of ["My App.ts", "site", "site/index.ts", "pkg"]) expect((await deploy([path])).code).toBe(0);
    const names = plane.seen.filter(({ method }) => method === "PUT").map(({ path }) => path.split("/").at(-1));
    expect(names).toEqual(["my-app", "site", "site", "shop"]);
    const { code, err } = await deploy(["???.ts"]);
    expect(code).toBe(2);
    expect(err).toContain("Say --name <script>");
    expect((await deploy(["???.ts", "--name", "ok"])).code).toBe(0);
  });

  it("uploads sources as they are with --no-bundle, without what is no part of them", async () => {
    const files = {
      "app/index.ts": 'import { a } from "./lib/a.ts";\nexport default () => a;\n',
      "app/lib/a.ts": "export const a: number = 1;",
      "app/data.json": "{}",
      "app/package.json": '{ "type": "module" }',
      "app/lib/a.test.ts": "",
      "app/types.d.ts": "",
      "app/.env": "SECRET=1",
      "app/.hidden/x.ts": "",
      "app/node_modules/x/index.js": "",
      "app/logo.png": "",
    };
    const { deploy, sent } = await workplace([], files);
    expect((await deploy(["app", "--no-bundle"])).code).toBe(0);
    expect(sent("app")).toEqual({
      files: { "index.ts": files["app/index.ts"], "lib/a.ts": files["app/lib/a.ts"], "data.json": "{}" },
      main: "index.ts",
    });
    await deploy(["app/lib/a.ts", "--no-bundle"]);
    expect(sent("a")).toEqual({ files: { "a.ts": files["app/lib/a.ts"] }, main: "a.ts" });
  });

  it.each([
    ["nothing.ts", "There is no file or folder nothing.ts."],
    ["empty", "The folder empty has no entry"],
    ["broken", "is not a valid package.json"],
  ])("refuses %s and says why", async (path, message) => {
    const { deploy, plane } = await workplace([], { "empty/readme.txt": "", "broken/package.json": "{" });
    const { code, err } = await deploy([path]);
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(plane.seen).toEqual([]);
  });

  it("shows errors in the code with the code around them, and uploads nothing", async () => {
    const { deploy, plane } = await workplace([], { "src/bad.ts": "const a = 1;\nconst b = ;\n" });
    const { code, err } = await deploy(["src/bad.ts"]);
    expect(code).toBe(1);
    expect(err).toContain("src/bad.ts:2:10");
    expect(err).toContain("const b = ;");
    expect(plane.callsTo("PUT /api/v1/orgs/hello/scripts/bad")).toEqual([]);
    const { out } = await deploy(["src/bad.ts", "--output", "json"]);
    expect(JSON.parse(out).error.details.issues).toEqual([
      { file: "src/bad.ts", line: 2, column: 11, reason: 'Unexpected ";"' },
    ]);
  });

  it("puts the platform's reasons in terms of the person's own files", async () => {
    const code = "interface Long {\n  gone: string;\n}\nexport const answer: number = 42;\n";
    const refuse = (call: { body: Sent }): never => {
      const { main, files } = call.body;
      const lines = (files[main] ?? "").split("\n");
      const line = lines.findIndex((text) => text.includes("answer = 42"));
      const issues = [
        { file: main, line: line + 1, column: (lines[line]?.indexOf("answer") ?? 0) + 1, reason: "is not welcome" },
        { file: main, reason: "has no default export" },
      ];
      throw new PlatformError("invalid", "The upload is not valid.", { issues });
    };
    const answers = { putScript: refuse as unknown as NonNullable<Answers["putScript"]> };
    const { deploy } = await workplace([], { "src/index.ts": code }, answers);
    const bundled = await deploy(["src", "--output", "json"]);
    expect(JSON.parse(bundled.out).error.details.issues).toEqual([
      { file: "src/index.ts", line: 4, column: 14, reason: "is not welcome" },
      { file: "src/index.ts", reason: "has no default export" },
    ]);
    const { err } = await deploy(["src"]);
    expect(err).toContain(
      [
        "",
        "  src/index.ts:4:14 is not welcome",
        "    4 │ export const answer: number = 42;",
        "      ╵              ^",
        "  src/index.ts has no default export",
        "",
      ].join("\n"),
    );
  });

  it("makes a module, which gets no route, and says how it is used", async () => {
    const putScript: NonNullable<Answers["putScript"]> = ({ params }) => ({ ...aScript(params.name), kind: "module" });
    const { deploy, sent, routesMade } = await workplace([], { "money.ts": "export const a = 1;\n" }, { putScript });
    const { code, err } = await deploy(["money.ts", "--kind", "module"]);
    expect({ code, err }).toEqual({ code: 0, err: 'Scripts of hello can import from "money" now.\n' });
    expect(sent("money")).toMatchObject({ kind: "module" });
    // Said once, it stays one.
    expect((await deploy(["money.ts"])).code).toBe(0);
    expect(routesMade()).toEqual([]);
  });

  it("sends the limits that are asked for", async () => {
    const { deploy, sent } = await workplace([], { "hello.ts": SCRIPT });
    expect((await deploy(["hello.ts", "--limit", "cpuMs=50", "--limit", "subrequests=0"])).code).toBe(0);
    expect(sent("hello")).toMatchObject({ limits: { cpuMs: 50, subrequests: 0 } });
  });

  it.each([
    [["--kind", "modul"], '--kind must be endpoint or module, not "modul".'],
    [["--kind", "module", "--route", "/x"], "A module answers no requests"],
    [["--limit", "cpuMs=9999"], "The limit cpuMs goes from 5 to 500"],
  ])("refuses %j before anything is sent", async (words, message) => {
    const { deploy, plane } = await workplace([], { "hello.ts": SCRIPT });
    const { code, err } = await deploy(["hello.ts", ...words]);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(plane.seen).toEqual([]);
  });

  it("says what helps when neither this computer nor the platform knows an import", async () => {
    const refuse = (call: { body: Sent }): never => {
      const { main } = call.body;
      const issues = [{ file: main, reason: '"lodash/get" is not part of the upload. Available: zod.' }];
      throw new PlatformError("invalid", "The upload is not valid.", { issues });
    };
    const answers = { putScript: refuse as unknown as NonNullable<Answers["putScript"]> };
    const { deploy } = await workplace(
      [],
      { "a.ts": 'import get from "lodash/get";\nimport * as zod from "zod";\nexport default [get, zod];\n' },
      answers,
    );
    const { code, err } = await deploy(["a.ts"]);
    expect(code).toBe(1);
    expect(err).toContain("\nlodash: not installed here. Run `npm install lodash` in the folder of your code");
  });

  it("shows its stages at a terminal and nowhere else", async () => {
    const { deploy } = await workplace([], { "hello.ts": SCRIPT });
    const { err } = await deploy(["hello.ts"], { terminal: true, env: { NO_COLOR: "1" } });
    expect(err).toMatch(/✓ bundle [0-9]+ ms\n/);
    expect(err).toMatch(/✓ upload [0-9]+ ms\n/);
    expect(err).toMatch(/✓ routes [0-9]+ ms\n/);
    expect((await deploy(["hello.ts"])).err).not.toContain("bundle");
  });
});
