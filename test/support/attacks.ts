/** One way to harm whoever shares a computer with a script. */
export interface Attack {
  name: string;
  source: string;
  /** Nothing short of ending the process stops it, so that neighbours may have to wait for another one. */
  ends: boolean;
}

const handler = (body: string): string => `export default async (request, ctx) => { ${body} }`;
const stopped = (name: string, source: string): Attack => ({ name, source, ends: false });
const ending = (name: string, body: string): Attack => ({ name, source: handler(body), ends: true });

/** Loops without an end, in every place where one can be. */
export const ENDLESS_LOOPS: readonly Attack[] = [
  stopped("loop", handler("while (true) {}")),
  stopped("loop in a promise chain", handler("const again = () => Promise.resolve().then(again); await again();")),
  stopped(
    "loop in an async generator",
    handler("for await (const each of (async function* () { for (;;) yield 1; })());"),
  ),
  stopped("loop in finally", handler("for (;;) { try { throw 1; } catch {} finally { continue; } }")),
  stopped("loop in a sort callback", handler("[1, 2, 3].sort(() => { for (;;); });")),
  stopped("loop in a getter", handler("({ get x() { for (;;); } }).x;")),
  stopped("loop at module scope", "for (;;);\nexport default () => 1;"),
];

/** What limits, flags and the runtime stop by themselves. */
export const STOPPED: readonly Attack[] = [
  stopped("catastrophic regular expression", handler('return /^(a+)+$/.test("a".repeat(50) + "b");')),
  stopped("recursion", handler("const deeper = () => deeper() + 1; return deeper();")),
  stopped("await that never settles", handler("await new Promise(() => {});")),
  stopped(
    "endless stream",
    handler(`const bytes = new Uint8Array(1e5);
      return new Response(new ReadableStream({ pull(controller) { controller.enqueue(bytes); } }));`),
  ),
  stopped(
    "10,000 fetches",
    handler(`await Promise.allSettled(Array.from({ length: 10000 }, () => fetch("http://192.0.2.1/")));`),
  ),
  stopped(
    "10,000 capability calls",
    handler(`const { invoke } = await import("isola");
      await Promise.allSettled(Array.from({ length: 10000 }, () => invoke("nobody")));`),
  ),
  stopped("a million log lines", handler(`for (let line = 0; line < 1e6; line++) console.log("line", line);`)),
  stopped(
    "huge headers",
    handler(`const headers = new Headers();
      for (let index = 0; index < 1000; index++) headers.set("x-" + index, "x".repeat(100000));
      return new Response("", { headers });`),
  ),
];

/** What ends in the death of a process: the runtime calls them with no way to stop them, or aborts. */
export const ENDING: readonly Attack[] = [
  ending("array balloon", "return Array.from({ length: 3e8 }, (_, index) => ({ index })).length;"),
  ending("byte balloon", "const held = []; for (;;) held.push(new Uint8Array(5e7).fill(1));"),
  ending("string balloon", `return JSON.stringify(Array(1e8).fill("x".repeat(100))).length;`),
  ending("split bomb", `return "x".repeat(5e8).split("").length;`),
  ending("JSON bomb", `return JSON.parse("[" + "[1],".repeat(5e7) + "1]").length;`),
  ending("regular expression with a backreference", String.raw`return /^(a+)+\1$/.test("a".repeat(50) + "b");`),
  ending(
    "native call that runs long",
    `let tree = { leaf: "x".repeat(1e5) };
      for (let level = 0; level < 30; level++) tree = { a: tree, b: tree };
      return JSON.stringify(tree).length;`,
  ),
];

export const ATTACKS: readonly Attack[] = [...ENDLESS_LOOPS, ...STOPPED, ...ENDING];
