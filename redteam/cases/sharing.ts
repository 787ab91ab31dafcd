import { attempts, type CaseClass } from "../attempt.ts";

/** Places where one script could leave something for another: how to put it there, and how to find it. */
const CHANNELS: Record<string, { put: string; find: string }> = {
  "a module's variable": { put: `kept = text`, find: `kept` },
  "the global object": { put: `globalThis.left = text`, find: `globalThis.left` },
  "a built-in": { put: `Array.prototype.left = text`, find: `[].left` },
  "the symbol registry": { put: `Object.prototype[Symbol.for("left")] = text`, find: `({})[Symbol.for("left")]` },
  "the default cache": {
    put: `caches.default.put("http://shared.example/left", new Response(text, { headers: { "cache-control": "max-age=60" } }))`,
    find: `caches.default.match("http://shared.example/left").then((r) => r?.text())`,
  },
  "a named cache": {
    put: `caches.open("left").then((c) => c.put("http://shared.example/left", new Response(text, { headers: { "cache-control": "max-age=60" } })))`,
    find: `caches.open("left").then((c) => c.match("http://shared.example/left")).then((r) => r?.text())`,
  },
  "the environment": { put: `process.env.LEFT = text`, find: `process.env.LEFT` },
  "a file in /tmp": { put: `fs.writeFileSync("/tmp/left", text)`, find: `fs.readFileSync("/tmp/left", "utf8")` },
  "a file beside the script": {
    put: `fs.writeFileSync("/bundle/left", text)`,
    find: `fs.readFileSync("/bundle/left", "utf8")`,
  },
  "a device": { put: `fs.writeFileSync("/dev/full", text)`, find: `fs.readFileSync("/dev/null", "utf8")` },
  "a built-in module": { put: `fs.default.left = text`, find: `fs.default.left` },
  "the runtime's module": { put: `workers.RpcTarget.left = text`, find: `workers.RpcTarget.left` },
  "the console": { put: `console.left = text`, find: `console.left` },
  "the navigator": { put: `navigator.left = text`, find: `navigator.left` },
  "performance marks": { put: `performance.mark(text)`, find: `performance.getEntries().map((e) => e.name).join()` },
  "a broadcast channel": {
    put: `(globalThis.channel = new BroadcastChannel("left"), channel.postMessage(text))`,
    find: `new Promise((done) => { const c = new BroadcastChannel("left"); c.onmessage = (e) => done(e.data); setTimeout(done, 50); })`,
  },
  "a blob's URL": {
    put: `URL.createObjectURL(new Blob([text]))`,
    find: `fetch("blob:null/left").then((r) => r.text())`,
  },
  "the context": { put: `ctx.left = text`, find: `ctx.left` },
  "the bindings": { put: `(workers.env.left = text, env.left = text)`, find: `[workers.env.left, env.left].join("")` },
  "the exports": { put: `workers.exports.left = text`, find: `workers.exports.left` },
  "regular expressions": { put: `/(.*)/.exec(text)`, find: `RegExp.$1` },
  "the time zone and locale": {
    put: `(process.env.TZ = text, Intl.left = text)`,
    find: `[process.env.TZ, Intl.left].join("")`,
  },
};

const source = `
import * as workers from "cloudflare:workers";
import * as fs from "node:fs";
let kept;
const CHANNELS = { ${Object.entries(CHANNELS)
  .map(
    ([name, { put, find }]) =>
      `${JSON.stringify(name)}: { put: async (text, env, ctx) => ${put}, find: async (text, env, ctx) => ${find} }`,
  )
  .join(",\n")} };
export default {
  async fetch(request, env, ctx) {
    const { act, text } = await request.json();
    const told = {};
    for (const [name, channel] of Object.entries(CHANNELS)) {
      try { told[name] = String(await channel[act](text, env, ctx)); } catch (error) { told[name] = "refused " + error; }
    }
    return Response.json(told);
  },
};
`;

interface Found {
  /** What the other org's copy of the same script read. */
  read: string[];
  nonce: string;
}

/** Enough for both edges to have been met with all likelihood. */
const ROUNDS = 8;

export const sharing: CaseClass = {
  name: "shared state",
  cases: attempts<Found>({
    names: Object.keys(CHANNELS),
    expected: "another org with the very same source finds nothing",
    attack: async (stage) => {
      const { attacker, victim } = stage;
      const nonce = stage.nonce();
      for (const tenant of [attacker, victim]) await stage.deploy(tenant, "twin", source);
      const post = (tenant: typeof attacker, act: string) =>
        stage.run(tenant, "twin", "/", { body: JSON.stringify({ act, text: nonce }) });
      const told: Record<string, string>[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const put = await post(attacker, "put");
        if (put.status !== 200) throw new Error(`The twin answered ${put.status}: ${put.text.slice(0, 200)}`);
        told.push(JSON.parse((await post(victim, "find")).text) as Record<string, string>);
      }
      return new Map(
        Object.keys(CHANNELS).map((name) => [name, { read: told.map((each) => each[name] ?? ""), nonce }]),
      );
    },
    judge: ({ read, nonce }) => (read.some((text) => text.includes(nonce)) ? "it was found by the other org" : null),
    breach: { read: ["n1"], nonce: "n1" },
  }),
};
