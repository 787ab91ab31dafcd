import { describe, expect, it } from "vitest";

import type { VersionCode } from "../../contracts/projection.ts";
import { testEnv } from "../testing/harness.ts";
import { linkCode, type Part } from "./link.ts";

const { LOADER } = testEnv as unknown as { LOADER: WorkerLoader };
const METER = ".isola/meter.js";

/** What a module script exports, and the number of its version. */
function part(name: string, modules: Record<string, string>, more: Partial<Part> = {}): Part {
  const code: VersionCode = { main: Object.keys(modules)[0] ?? "", modules, nodeCompat: false };
  return { name, number: 1, code, imports: [], givesDefault: false, ...more };
}

let runs = 0;

/** The text that linked code answers with, in an isolate beside the platform's own modules. */
async function answerOf(code: VersionCode): Promise<string> {
  const platform = {
    ".isola/main.js": `import * as user from ${JSON.stringify(`../${code.main}`)}; export default user.default;`,
    [METER]: "export let ticks = 0; export const c = () => { ticks += 1; };",
  };
  const modules = Object.entries({ ...platform, ...code.modules }).map(([path, js]) => [path, { js }] as const);
  const worker = LOADER.get(`linked-${(runs += 1)}`, () => ({
    compatibilityDate: "2026-10-01",
    mainModule: ".isola/main.js",
    modules: Object.fromEntries(modules),
    globalOutbound: null,
  }));
  return (await worker.getEntrypoint().fetch("http://hello.localhost/")).text();
}

const answering = (imports: string, expression: string): string =>
  `${imports}; export default { fetch: async () => new Response(String(${expression})) };`;

describe("a script linked with its modules", () => {
  it("runs with names, defaults and whole modules, from any folder and at run time", async () => {
    const own = part(
      "page",
      {
        "src/index.js": answering(
          'import cents, { sum } from "../.modules/money.js"; import * as all from "../.modules/money.js"',
          'cents + sum(1, 2) + all.sum(2, 2) + (await import("../.modules/money.js")).sum(3, 3)',
        ),
      },
      { imports: ["money"] },
    );
    const money = part(
      "money",
      {
        "lib/main.js": 'export { sum } from "../sum.js"; export default 100;',
        "sum.js": "export const sum = (a, b) => a + b;",
      },
      { givesDefault: true },
    );
    expect(await answerOf(linkCode(own, [money]))).toBe("113");
  });

  it("has each module once, however many import it", async () => {
    const counting = part("count", { "index.js": "let count = 0; export const next = () => (count += 1);" });
    const use = (name: string): Part =>
      part(name, { "src/index.js": `export { next as ${name} } from "../.modules/count.js"` }, { imports: ["count"] });
    const index = answering(
      'import { a } from "./.modules/a.js"; import { b } from "./.modules/b.js"',
      "[a(), b(), a()]",
    );
    const own = part("page", { "index.js": index }, { imports: ["a", "b"] });
    expect(await answerOf(linkCode(own, [use("a"), use("b"), counting]))).toBe("1,2,3");
  });

  it("has files of its own that are called like those of its modules", async () => {
    const own = part(
      "page",
      {
        "index.js": answering('import { x } from "./x.js"; import { y } from "./.modules/y.js"', "[x, y]"),
        "x.js": "export const x = 'own';",
      },
      { imports: ["y"] },
    );
    const y = part("y", { "index.js": 'export { x as y } from "./x.js";', "x.js": "export const x = 'theirs';" });
    expect(await answerOf(linkCode(own, [y]))).toBe("own,theirs");
  });

  it("is metered in its modules too, by one meter", async () => {
    const tick = (path: string): string => `import { c } from "${path}"; c();`;
    const own = part(
      "page",
      {
        "index.js": `${tick(`./${METER}`)} ${answering(
          `import { x } from "./.modules/x.js"; import { ticks } from "./${METER}"`,
          "[x, ticks]",
        )}`,
      },
      { imports: ["x"] },
    );
    const x = part("x", { "src/deep/index.js": `${tick(`../../${METER}`)} export const x = 'x';` });
    expect(await answerOf(linkCode(own, [x]))).toBe("x,2");
  });

  it("has each package once, with its default", async () => {
    const zod = { ".packages/zod@1/index.default.js": "export let made = 0; export default () => (made += 1);" };
    const take = 'from "./.packages/zod@1/index.default.js"';
    const own = part(
      "page",
      {
        "index.js": answering(`import make ${take}; import { other } from "./.modules/x.js"`, "[make(), other()]"),
        ...zod,
      },
      { imports: ["x"] },
    );
    const x = part("x", { "index.js": `import make ${take}; export const other = make;`, ...zod });
    expect(await answerOf(linkCode(own, [x]))).toBe("1,2");
  });

  it("is named in a stack by the module, its version and the file", async () => {
    const own = part(
      "page",
      {
        "index.js":
          'import { fail } from "./.modules/x.js"; export default { fetch() { try { fail(); } catch (error) { return new Response(error.stack); } } };',
      },
      { imports: ["x"] },
    );
    const x = part("x", { "src/index.js": "\nexport function fail() { throw new Error('no'); }" }, { number: 7 });
    expect(await answerOf(linkCode(own, [x]))).toContain("at fail (.modules/x@7/src/index.js:2:32)");
  });

  it("needs Node, and uses the platform, as soon as one of its modules does", () => {
    const uses = { console: false, fetch: false, streams: false };
    const own = part("page", { "index.js": "" }, { imports: ["x"] });
    own.code = { ...own.code, uses };
    const x = part("x", { "index.js": "" });
    x.code = { ...x.code, nodeCompat: true, uses: { ...uses, fetch: true } };
    expect(linkCode(own, [x])).toMatchObject({ nodeCompat: true, uses: { ...uses, fetch: true } });
    const unknown = part("y", { "index.js": "" });
    expect(linkCode(own, [x, unknown])).not.toHaveProperty("uses");
  });
});
