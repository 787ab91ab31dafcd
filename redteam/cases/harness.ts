import { attempts, type CaseClass } from "../attempt.ts";
import type { Execution } from "../support/stage.ts";
import { neighboursHarm } from "../support/vault.ts";

interface Recorded {
  script: string;
  path: string;
  /** What the caller saw; null when the connection broke. */
  status: number | null;
  record: Pick<Execution, "status" | "outcome" | "path" | "script"> | null;
  harm: string | null;
}

/** Built-ins that the platform's modules in the same isolate might lean on, each made to lie, throw or hang. */
const PATCHES: Record<string, string> = {
  "Object.prototype setters": `for (const name of ["executionId", "status", "outcome", "orgId", "isola", "store", "then", "error", "lines", "props"])
    Object.defineProperty(Object.prototype, name, { configurable: true, get() { return "forged"; }, set() {} });`,
  "Object.prototype values": `Object.assign(Object.prototype, { executionId: "exe_forged", orgId: "org_forged", linesFirst: true, ask: true, quiet: true });`,
  "Promise.prototype.then": `Promise.prototype.then = function () { return new Promise(() => {}); };`,
  "Promise.prototype.finally and catch": `Promise.prototype.catch = Promise.prototype.finally = () => { throw new Error("no"); };`,
  Promise: `globalThis.Promise = class { constructor() { throw new Error("no"); } };`,
  "Array.prototype iterator": `Array.prototype[Symbol.iterator] = function* () { yield "forged"; };`,
  "Array.prototype methods": `for (const name of ["push", "splice", "map", "join", "slice", "forEach"]) Array.prototype[name] = () => { throw new Error("no"); };`,
  "Array.prototype index setter": `Object.defineProperty(Array.prototype, 0, { configurable: true, set() {}, get() { return "forged"; } });`,
  JSON: `JSON.stringify = () => '{"error":{"name":"x","message":"forged","stack":""},"lines":[]}'; JSON.parse = () => ({ forged: true });`,
  toJSON: `Object.prototype.toJSON = () => ({ forged: true });`,
  Response: `const Native = Response; globalThis.Response = class extends Native { get status() { return 299; } static [Symbol.hasInstance]() { return true; } };`,
  "Response.prototype": `for (const name of ["status", "headers", "body", "ok"]) Object.defineProperty(Response.prototype, name, { configurable: true, get() { throw new Error("no"); } });`,
  "Headers.prototype": `Headers.prototype.get = Headers.prototype.has = () => "forged"; Headers.prototype.set = () => { throw new Error("no"); };`,
  "Request.prototype": `for (const name of ["cf", "url", "method"]) Object.defineProperty(Request.prototype, name, { configurable: true, get() { return { isola: { executionId: "exe_00000000000000000000", params: {} } }; } });`,
  console: `for (const level of Object.keys(console)) console[level] = () => { throw new Error("no"); };`,
  "console as a proxy": `globalThis.console = new Proxy({}, { get() { return () => { throw new Error("no"); }; } });`,
  AsyncLocalStorage: `AsyncLocalStorage.prototype.run = () => { throw new Error("no"); }; AsyncLocalStorage.prototype.getStore = () => ({ lines: [], executionId: "exe_forged" });`,
  setTimeout: `globalThis.setTimeout = (act) => { act(); return 1; }; globalThis.clearTimeout = () => { throw new Error("no"); };`,
  scheduler: `globalThis.scheduler = { wait: () => Promise.reject(new Error("no")) };`,
  "Date.now and performance.now": `Date.now = performance.now = () => { throw new Error("no"); };`,
  "Date.now goes back": `let at = 9e15; Date.now = performance.now = () => (at -= 1e12);`,
  "Function.prototype.call, apply, bind": `for (const name of ["call", "apply", "bind"]) Function.prototype[name] = () => { throw new Error("no"); };`,
  "Symbol.hasInstance": `Object.defineProperty(Function.prototype, Symbol.hasInstance, { value: () => true });`,
  Error: `Error.prepareStackTrace = () => { throw new Error("no"); }; Error.captureStackTrace = () => { throw new Error("no"); }; Error.stackTraceLimit = Infinity;`,
  "Map and Set": `for (const kind of [Map, Set, WeakMap]) for (const name of ["get", "set", "has", "add"]) kind.prototype[name] = () => { throw new Error("no"); };`,
  "Object.freeze and keys": `Object.freeze = (value) => value; Object.keys = () => { throw new Error("no"); }; Object.entries = () => [];`,
  "Number and String": `String.prototype.slice = Number.prototype.toString = String.prototype.includes = () => { throw new Error("no"); };`,
  "the global object": `for (const name of ["Response", "Error", "Headers", "fetch", "Promise", "Object"]) delete globalThis[name];`,
  "WorkerEntrypoint.prototype": `WorkerEntrypoint.prototype.fetch = () => new Response("forged"); Object.defineProperty(WorkerEntrypoint.prototype, "env", { get() { return { forged: true }; } });`,
  Reflect: `for (const name of Reflect.ownKeys(Reflect)) if (typeof Reflect[name] === "function") Reflect[name] = () => { throw new Error("no"); };`,
};

const source = (patch: string): string => `import { AsyncLocalStorage } from "node:async_hooks";
import { WorkerEntrypoint } from "cloudflare:workers";
const Answer = Response;
${patch}
export default async (request) => {
  try { console.log("in"); } catch {}
  return new Answer("patched");
};
`;

export const harness: CaseClass = {
  name: "pollution of the harness",
  cases: attempts<Recorded>({
    names: Object.keys(PATCHES),
    expected: "the record is right and the neighbours' worlds are untouched",
    attack: async (stage) => {
      const { attacker } = stage;
      const seen = new Map<string, Recorded>();
      for (const [name, patch] of Object.entries(PATCHES)) {
        const script = stage.nonce();
        const path = `/${stage.nonce()}`;
        await stage.deploy(attacker, script, source(patch));
        const answer = await stage.run(attacker, script, path).catch(() => null);
        seen.set(name, {
          script,
          path,
          status: answer?.status ?? null,
          record: null,
          harm: await neighboursHarm(stage),
        });
      }
      const records = await stage.executions(attacker);
      for (const recorded of seen.values()) {
        const record = records.find(({ script }) => script.name === recorded.script);
        if (record !== undefined) recorded.record = record;
      }
      return seen;
    },
    judge: ({ status, record, path, harm }) => {
      if (status === null) return "the connection broke";
      if (record === null) return "the run is not in the log";
      if (record.status !== status) return `the caller saw ${status}, the log has ${record.status}`;
      if ((status === 200) !== (record.outcome === "ok")) return `${status} is logged as ${record.outcome}`;
      if (!record.path.endsWith(path)) return `the log has the path ${record.path}`;
      return harm;
    },
    breach: {
      script: "x",
      path: "/x",
      status: 200,
      record: { status: 299, outcome: "ok", path: "/x", script: { id: "", name: "x" } },
      harm: null,
    },
  }),
};
