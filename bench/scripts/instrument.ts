import { buildSync } from "esbuild";

import { loadCompiler, startMeteredEdge, type MeteredEdge, type MeteredScript } from "../../test/support/metered.ts";
import { median, round } from "../support/stats.ts";

const ROUNDS = 25;
/** A budget that a busy machine does not use up, beyond what a script may ask for. */
const UNBOUND_MS = 10_000;
const PREPARE_ROUNDS = 9;
/** What uploads are measured at, in characters. */
const PREPARED_LENGTH = 20_000;

/** Work that is bound by the processor, each some tens of milliseconds long. */
const EXAMPLES: Record<string, string> = {
  fib: `const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
    export const work = () => fib(31);`,
  loop: `export const work = () => { let sum = 0; for (let i = 0; i < 1e7; i++) sum = (sum * 31 + i) % 1000003; return sum; };`,
  objects: `export const work = () => {
      const groups = new Map();
      for (let i = 0; i < 100000; i++) {
        const row = { id: i, name: "row " + (i % 100), at: { x: i, y: -i } };
        const group = groups.get(row.name);
        if (group === undefined) groups.set(row.name, [row]);
        else group.push({ ...row, id: group.length });
      }
      return [...groups.values()].map((rows) => rows.filter(({ at }) => at.x % 3 === 0).length).reduce((a, b) => a + b, 0);
    };`,
  json: `const rows = Array.from({ length: 2000 }, (_, id) => ({ id, name: "row " + id, tags: ["a", "b"], at: { x: id, y: -id } }));
    export const work = () => {
      let length = 0;
      for (let i = 0; i < 20; i++) length += JSON.stringify(JSON.parse(JSON.stringify(rows)).filter((row) => row.id % 2)).length;
      return length;
    };`,
};
/** Loops with next to nothing in them, where a counter weighs most: told beside the ratio, not part of it. */
const TIGHT: Record<string, string> = {
  tightloop: `export const work = () => { let sum = 0; for (let i = 0; i < 3e7; i++) sum += i % 7; return sum; };`,
  tightobjects: `class Point { constructor(x, y) { this.x = x; this.y = y; } }
    export const work = () => { let sum = 0; for (let i = 0; i < 1e7; i++) sum += new Point(i, 1).x; return sum; };`,
};
const HANDLER = `
export default { fetch() {
  const began = performance.now();
  const result = work();
  return Response.json({ tookMs: performance.now() - began, result });
} };`;

/** What counting processor time costs: the worst ratio of the examples, each one's, and the time to prepare an upload. */
export async function measureInstrumentation(): Promise<Record<string, number>> {
  const scripts: Record<string, MeteredScript> = {};
  for (const [name, work] of Object.entries({ ...EXAMPLES, ...TIGHT })) {
    const script = { source: work + HANDLER, limits: { cpuMs: UNBOUND_MS } };
    scripts[`${name}-plain`] = { ...script, metered: false };
    scripts[`${name}-metered`] = script;
  }
  const edge = await startMeteredEdge(scripts);
  const ratios: Record<string, number> = {};
  try {
    for (const name of [...Object.keys(EXAMPLES), ...Object.keys(TIGHT)]) ratios[name] = await ratioOf(edge, name);
  } finally {
    await edge.stop();
  }
  return {
    instrumentRatio: Math.max(...Object.keys(EXAMPLES).map((name) => ratios[name] ?? Infinity)),
    ...Object.fromEntries(Object.entries(ratios).map(([name, ratio]) => [figureOf(name), ratio])),
    instrumentPrepareMs: await prepareMs(),
  };
}

/** The fastest round with to the fastest without: what else the machine does only ever adds. */
async function ratioOf(edge: MeteredEdge, name: string): Promise<number> {
  const took = async (kind: string): Promise<number> => {
    const { status, text } = await edge.ask(`${name}-${kind}`);
    if (status !== 200) throw new Error(`${name}, ${kind}, answered ${status}: ${text}`);
    return (JSON.parse(text) as { tookMs: number }).tookMs;
  };
  const plain: number[] = [];
  const metered: number[] = [];
  for (let index = 0; index < ROUNDS; index++) {
    plain.push(await took("plain"));
    metered.push(await took("metered"));
  }
  return round(Math.min(...metered) / Math.min(...plain), 2);
}

/** From upload to version for 20 KB of a real bundle, with nothing kept from the time before but compiled code. */
async function prepareMs(): Promise<number> {
  const compile = await loadCompiler();
  const contents = `import { Hono } from "hono"; const app = new Hono(); app.get("/", (c) => c.text("hello")); export default app;`;
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    format: "esm",
    write: false,
  });
  const bundle = outputFiles[0]?.text ?? "";
  const took: number[] = [];
  for (let index = 0; index < PREPARE_ROUNDS; index++) {
    const files = { "index.js": `${bundle}// ${index}\n` };
    const began = performance.now();
    await compile({ files, kind: "endpoint", metered: true });
    took.push((performance.now() - began) * (PREPARED_LENGTH / bundle.length));
  }
  return round(median(took), 1);
}

const figureOf = (name: string): string => `instrument${name.charAt(0).toUpperCase()}${name.slice(1)}Ratio`;
