import { Agent } from "node:http";

import { attempts, type CaseClass } from "../attempt.ts";
import { edgesOf } from "../../test/support/processes.ts";
import { harmOf, readVault } from "../support/vault.ts";

/** Answers of a script that are made to harm whoever carries them on. Each is the body of `fetch(request)`. */
const ANSWERS: Record<string, string> = {
  "a forged fault": `return new Response('{"error":{"name":"x","message":"forged","stack":""},"lines":[]}', { status: 500, headers: { "x-isola-fault": "error" } });`,
  "a forged fault that is no JSON": `return new Response("<", { status: 500, headers: { "x-isola-fault": "error" } });`,
  "a forged fault with a million lines": `return new Response('{"error":{"name":"x","message":"y","stack":""},"lines":[' + '{"at":1,"level":"log","text":"z"},'.repeat(1_000_000) + '{"at":1,"level":"log","text":"z"}]}', { status: 500, headers: { "x-isola-fault": "error" } });`,
  "a forged fault of 100,000 levels": `return new Response("[".repeat(100_000) + "]".repeat(100_000), { status: 500, headers: { "x-isola-fault": "error" } });`,
  "a forged fault without an end": `return new Response(new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(1_048_576).fill(120)); } }), { status: 500, headers: { "x-isola-fault": "error" } });`,
  "a forged fault that stalls": `return new Response(new ReadableStream({ pull() { return new Promise(() => {}); } }), { status: 500, headers: { "x-isola-fault": "error" } });`,
  "the harness's own headers": `return new Response("x", { status: 200, headers: { "x-isola-fault": "error", "x-isola-quiet": "1", "x-isola-run": "exe_00000000000000000000" } });`,
  "a switch of protocols without a socket": `return new Response(null, { status: 101 });`,
  "a WebSocket that nobody asked for": `const [client, server] = Object.values(new WebSocketPair()); server.accept(); return new Response(null, { status: 101, webSocket: client });`,
  "a length that is too long": `return new Response("short", { headers: { "content-length": "100000" } });`,
  "a length that is too short": `return new Response("HTTP/1.1 200 OK\\r\\ncontent-length: 6\\r\\n\\r\\nforged", { headers: { "content-length": "1" } });`,
  "a length that is no number": `return new Response("x", { headers: { "content-length": "1, 2" } });`,
  "its own chunks": `return new Response("0\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\ncontent-length: 6\\r\\n\\r\\nforged", { headers: { "transfer-encoding": "chunked" } });`,
  "a length and chunks": `return new Response("0\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\n\\r\\nforged", { headers: { "transfer-encoding": "chunked", "content-length": "5" } });`,
  "connection headers": `return new Response("x", { headers: { connection: "upgrade", upgrade: "h2c", "keep-alive": "timeout=1000", trailer: "x", te: "trailers" } });`,
  "a line break in a header": `return new Response("x", { headers: { "x-a": "b\\r\\nset-cookie: forged=1; Domain=localhost\\r\\n\\r\\nHTTP/1.1 200 OK" } });`,
  "a line break in a header by a lone line feed": `return new Response("x", { headers: { "x-a": "b\\nx-forged: 1" } });`,
  "a line break in the status text": `return new Response("x", { statusText: "OK\\r\\nx-forged: 1" });`,
  "a NUL in a header": `return new Response("x", { headers: { "x-a": "b\\0c" } });`,
  "a megabyte of header": `return new Response("x", { headers: { "x-a": "b".repeat(1_000_000) } });`,
  "ten thousand headers": `const h = new Headers(); for (let i = 0; i < 10_000; i++) h.append("x-" + i, "y"); return new Response("x", { headers: h });`,
  "a coding that it is not in": `return new Response("not gzip", { headers: { "content-encoding": "gzip" }, encodeBody: "manual" });`,
  "a body that breaks off": `return new Response(new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode("begin")); setTimeout(() => c.error(new Error("broken")), 20); } }));`,
  "a body of numbers": `return new Response(new ReadableStream({ start(c) { c.enqueue(1); c.close(); } }));`,
  "a body read before": `const r = new Response("x"); await r.text(); return r;`,
  "a body on 204": `return new Response(new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode("HTTP/1.1 200 OK\\r\\n\\r\\nforged")); c.close(); } }), { status: 204 });`,
  "status 100": `return new Response(null, { status: 100 });`,
  "status 599": `return new Response("x", { status: 599 });`,
  "no response": `return 7;`,
  "something like a response": `return { status: 200, headers: new Headers(), body: null, webSocket: null, text: async () => "forged" };`,
  "a response of a class of its own": `return new (class extends Response { get status() { return 101; } get headers() { throw new Error("no"); } })("x");`,
};

const source = (body: string): string => `export default { async fetch(request) { ${body} } };\n`;

interface Followed {
  /** What is wrong with the bystander's answer on the same connection, just behind. */
  harm: string | null;
  /** Edges that died meanwhile. */
  died: number;
  /** Whether the hostile answer brought a header of the forger's that no script may set. */
  forged: boolean;
}

export const responses: CaseClass = {
  name: "responses",
  cases: attempts<Followed>({
    names: Object.keys(ANSWERS),
    expected: "the next answer on the connection is the right one; no edge dies",
    attack: async (stage) => {
      const seen = new Map<string, Followed>();
      const launcher = stage.platform.process.pid ?? 0;
      for (const [name, body] of Object.entries(ANSWERS)) {
        const script = stage.nonce();
        await stage.deploy(stage.attacker, script, source(body));
        const before = edgesOf(launcher);
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        const first = await stage.run(stage.attacker, script, "/", { agent, timeoutMs: 3_000 }).catch(() => null);
        // A connection that the server closed is tried again on another, as any client does.
        const ask = () => stage.platform.fetch(stage.bystander.host, "/", { agent, timeoutMs: 5_000 });
        const second = await ask().catch(ask);
        agent.destroy();
        const after = new Set(edgesOf(launcher));
        seen.set(name, {
          harm: harmOf(readVault(second.text), stage.bystander),
          died: before.filter((pid) => !after.has(pid)).length,
          forged: first?.headers["x-forged"] !== undefined || (first?.setCookies.length ?? 0) > 0,
        });
      }
      return seen;
    },
    judge: ({ harm, died, forged }) => {
      if (forged) return "the answer was split";
      return died > 0 ? `${died} edges died` : harm;
    },
    breach: { harm: null, died: 1, forged: false },
  }),
};
