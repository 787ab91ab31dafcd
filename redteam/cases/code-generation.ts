import { attempts, type CaseClass } from "../attempt.ts";
import type { Tried } from "../support/probe.ts";

/** What generated code would answer. */
const PROOF = "42042";

/** A module that exports `f`, which returns 42042. */
const WASM =
  "new Uint8Array([0,97,115,109,1,0,0,0,1,5,1,96,0,1,127,3,2,1,0,7,5,1,1,102,0,0,10,8,1,6,0,65,186,200,2,11])";

const WAYS: Record<string, string> = {
  eval: `(0, eval)("42000 + 42")`,
  "direct eval": `eval("42000 + 42")`,
  "new Function": `new Function("return 42000 + 42")()`,
  "Function without new": `Function("return 42000 + 42")()`,
  "constructor.constructor": `({}).constructor.constructor("return 42000 + 42")()`,
  "constructor of a bound function": `(() => {}).bind().constructor("return 42000 + 42")()`,
  "constructor of a native function": `Response.json.constructor("return 42000 + 42")()`,
  "constructor of a host object's method": `ctx.waitUntil.constructor("return 42000 + 42")()`,
  AsyncFunction: `(async () => {}).constructor("return 42000 + 42")()`,
  GeneratorFunction: `(function* () {}).constructor("yield 42000 + 42")().next().value`,
  AsyncGeneratorFunction: `(async function* () {}).constructor("yield 42000 + 42")().next().then((r) => r.value)`,
  "a class that extends Function": `new (class extends Function {})("return 42000 + 42")()`,
  "Reflect.construct": `Reflect.construct(Function, ["return 42000 + 42"])()`,
  "setTimeout with text": `new Promise((done) => { globalThis.done = done; setTimeout("done(42000 + 42)", 0); })`,
  "setInterval with text": `new Promise((done) => { globalThis.done = done; setInterval("done(42000 + 42)", 1); })`,
  "import of a data URL": `import("da" + "ta:text/javascript,export default 42000 %2B 42").then((m) => m.default)`,
  "import of a blob": `import(URL.createObjectURL(new Blob(["export default 42000 + 42"]))).then((m) => m.default)`,
  "WebAssembly.Module": `new WebAssembly.Instance(new WebAssembly.Module(${WASM})).exports.f()`,
  "WebAssembly.instantiate": `WebAssembly.instantiate(${WASM}).then((made) => made.instance.exports.f())`,
  "WebAssembly.compile": `WebAssembly.compile(${WASM}).then((m) => new WebAssembly.Instance(m).exports.f())`,
  "WebAssembly.compileStreaming": `WebAssembly.compileStreaming(new Response(${WASM}, { headers: { "content-type": "application/wasm" } })).then((m) => new WebAssembly.Instance(m).exports.f())`,
  ShadowRealm: `new ShadowRealm().evaluate("42000 + 42")`,
  "a Worker": `new Worker("data:text/javascript,postMessage(42000 + 42)")`,
  "Error.prepareStackTrace and a frame's function": `(() => {
    const before = Error.prepareStackTrace;
    Error.prepareStackTrace = (_, frames) => frames;
    const frames = new Error().stack;
    Error.prepareStackTrace = before;
    const made = frames.map((frame) => frame.getFunction?.() ?? frame.getThis?.()).find((value) => value);
    return made.constructor.constructor("return 42000 + 42")();
  })()`,
};

const NODE_WAYS: Record<string, string> = {
  "node:vm runInThisContext": `vm.runInThisContext("42000 + 42")`,
  "node:vm Script": `new vm.Script("42000 + 42").runInNewContext()`,
  "node:vm SourceTextModule": `new vm.SourceTextModule("export default 42000 + 42").evaluate()`,
  "node:module compile": `new mod.Module("x")._compile("module.exports = 42000 + 42", "x.js")`,
  "node:module createRequire": `mod.createRequire("/bundle/index.js")("data:text/javascript,module.exports = 42000 + 42")`,
  "node:worker_threads": `new Promise((done, fail) => new threads.Worker("require('worker_threads').parentPort.postMessage(42000 + 42)", { eval: true }).once("message", done).once("error", fail))`,
};

const judge = ({ value }: Tried): string | null =>
  value !== undefined && value.includes(PROOF) ? "text became code" : null;

const expected = "refused: code comes with the upload alone";

export const codeGeneration: CaseClass = {
  name: "code generation",
  cases: [
    ...attempts<Tried>({
      names: Object.keys(WAYS),
      expected,
      attack: (stage) => stage.probe(WAYS),
      judge,
      breach: { value: PROOF },
    }),
    ...attempts<Tried>({
      names: Object.keys(NODE_WAYS),
      expected,
      attack: (stage) =>
        stage.probe(
          NODE_WAYS,
          `import vm from "node:vm"; import mod from "node:module"; import threads from "node:worker_threads";`,
        ),
      judge,
      breach: { value: PROOF },
    }),
  ],
};
