import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";

import { compile, firstReason, HANDLER } from "../compile/testing.ts";
import { PACKAGE_LIST } from "./index.ts";

const { LOADER } = env as unknown as { LOADER: WorkerLoader };
const METER = "export const c = () => {}; export const r = () => {}; export const i = (name) => name;";

/** What an endpoint answers with, in an isolate of its own. */
async function answerOf(source: string, path = "/", metered = false): Promise<Response> {
  const { main, modules, hash } = await compile({ files: { "src/index.ts": source }, metered });
  const worker = LOADER.get(hash, () => ({
    compatibilityDate: "2026-10-01",
    compatibilityFlags: ["no_nodejs_compat", "no_nodejs_compat_v2"],
    mainModule: ".isola/main.js",
    modules: {
      ".isola/main.js": { js: `export { default } from ${JSON.stringify(`../${main}`)};` },
      ".isola/meter.js": { js: METER },
      ...Object.fromEntries(Object.entries(modules).map(([name, js]) => [name, { js }])),
    },
    globalOutbound: null,
  }));
  return worker.getEntrypoint().fetch(`http://hello.localhost${path}`);
}

const HONO = `
  import { Hono } from "hono";
  import { cors } from "hono/cors";
  import { HTTPException } from "hono/http-exception";
  const app = new Hono();
  app.use(cors());
  app.get("/hello/:name", (c) => c.json({ hello: c.req.param("name") }));
  app.get("/teapot", () => { throw new HTTPException(418, { message: "short and stout" }); });
  export default app;`;

describe("a package that an upload does not bring along", () => {
  it.each([false, true])("runs: hono with its middleware, metered %s", async (metered) => {
    const answer = await answerOf(HONO, "/hello/ada", metered);
    expect(await answer.json()).toEqual({ hello: "ada" });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect((await answerOf(HONO, "/teapot", metered)).status).toBe(418);
  });

  it("runs: itty-router, zod by name and by default, and jose", async () => {
    const source = `
      import { AutoRouter } from "itty-router";
      import zod, { z } from "zod";
      import * as mini from "zod/mini";
      import { SignJWT, jwtVerify } from "jose";
      const router = AutoRouter();
      const key = new TextEncoder().encode("a secret of at least thirty-two characters");
      router.get("/", async () => {
        const token = await new SignJWT({ n: 1 }).setProtectedHeader({ alg: "HS256" }).sign(key);
        const { payload } = await jwtVerify(token, key);
        const refused = z.object({ n: z.string() }).safeParse(payload).error?.issues[0]?.message;
        return [zod === z, mini.object({ n: mini.number() }).parse(payload), refused];
      });
      export default { fetch: (request: Request) => router.fetch(request) };`;
    expect(await (await answerOf(source)).json()).toEqual([
      true,
      { n: 1 },
      "Invalid input: expected string, received number",
    ]);
  });

  it("brings only what is imported", async () => {
    const { modules } = await compile(`import { cors } from "hono/cors"; cors;\n${HANDLER}`);
    expect(Object.keys(modules).filter((path) => path.startsWith(".packages/"))).toHaveLength(1);
    expect(Object.keys((await compile(HANDLER)).modules)).toEqual(["index.ts"]);
  });

  it("is metered like the upload's own code", async () => {
    const { modules } = await compile({ files: { "index.ts": HONO }, metered: true });
    const [path] = Object.keys(modules).filter((name) => /^\.packages\/hono@.*\/index\.js$/.test(name));
    expect(modules[path ?? ""]).toContain("../../.isola/meter.js");
  });

  it("is looked into for the names that are taken from it", async () => {
    expect(await firstReason(`import { Hino } from "hono"; Hino;\n${HANDLER}`)).toContain(
      "index.ts:1:10 hono exports no Hino. Did you mean Hono?",
    );
    expect(await firstReason(`import hono from "hono"; hono;\n${HANDLER}`)).toContain("hono exports no default.");
  });

  it("gives way to a file of the upload only where that is meant", async () => {
    const files = {
      "index.ts": `import { Hono } from "./hono"; Hono;\n${HANDLER}`,
      "hono.ts": "export const Hono = 1;",
    };
    expect(Object.keys((await compile({ files })).modules)).toEqual(["hono.ts", "index.ts"]);
  });

  it.each(["hono/nothing", "@hono/zod-validator", "lodash.get"])("is named where %s is not one", async (name) => {
    expect(await firstReason(`import "${name}";\n${HANDLER}`)).toContain(
      "Available without bundling: hono, itty-router, jose, zod.",
    );
  });

  it("is of the version that is installed, and is compiled in good time", async () => {
    expect(PACKAGE_LIST.map(({ name }) => name)).toEqual(["hono", "itty-router", "jose", "zod"]);
    for (const { version } of PACKAGE_LIST) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const everything = PACKAGE_LIST.flatMap(({ imports }) => imports.map((name) => `import "${name}";`)).join("\n");
    await compile({ files: { "index.ts": `${everything}\n${HANDLER}` }, metered: true });
    const began = performance.now();
    await compile({ files: { "index.ts": `${everything}\n${HANDLER}` }, metered: true });
    expect(performance.now() - began).toBeLessThan(500);
  });
});
