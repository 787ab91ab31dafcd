import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { hostname, networkInterfaces } from "node:os";

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { newId } from "../contracts/ids.ts";
import { codeKey, DEFAULT_ORG_SETTINGS, projectionKey, type Projection } from "../contracts/projection.ts";
import { effectiveLimits } from "../contracts/script-limits.ts";
import { startBareEdge, type BareEdge, type BareEdgeOptions } from "./support/edge.ts";
import { request } from "./support/request.ts";

/** What a script could mistake for its own, or for nobody's: a port of this computer, as the platform's own are. */
let listener: Server;
let port: number;
const arrived: string[] = [];
beforeAll(async () => {
  listener = createServer((socket: Socket) => {
    const index = arrived.push("") - 1;
    socket.on("error", () => null);
    socket.on("data", (data) => {
      arrived[index] += data.toString("latin1");
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nin");
    });
  });
  listener.listen(0, "::");
  await once(listener, "listening");
  const address = listener.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterAll(() => listener.close());

const edges: BareEdge[] = [];
const edge = async (options: BareEdgeOptions): Promise<BareEdge> => {
  const started = await startBareEdge(options);
  edges.push(started);
  return started;
};
afterEach(async () => {
  for (const started of edges.splice(0)) await started.stop();
  arrived.length = 0;
});

/** Every spelling of this computer that anybody here could think of. */
function spellings(): string[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const hosts = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "00000177.0x0.0.1",
    "１２７.０.０.１",
    "127。0。0。1",
    "%31%32%37.0.0.1",
    "①②⑦.⓪.⓪.①",
    "127%2e1",
    "0.0.0.0",
    "0",
    "0x0",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "app.localhost",
    "shop.localhost.",
    "ｌｏｃａｌｈｏｓｔ",
    "loc\u00adalhost",
    "localhost.localdomain",
    "ip6-localhost",
    "ip6-loopback",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:0:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::127.0.0.1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "example.com@127.0.0.1",
    "example.com%00@127.0.0.1",
    "127.0.0.1#@example.com",
    hostname(),
    `${hostname()}.`,
    ...own.map(({ address, family }) => (family === "IPv6" ? `[${address}]` : address)),
  ];
  return hosts.flatMap((host) => [`http://${host}:${port}/`, `https://${host}:${port}/`, `http:\\\\${host}:${port}\\`]);
}

/** An org with one script, as KV has it. */
function published(source: string): Record<string, string> {
  const orgId = newId("org");
  const script = {
    id: newId("script"),
    name: "main",
    kind: "endpoint" as const,
    versionId: newId("version"),
    versionNumber: 1,
    hash: "one",
    limits: effectiveLimits({ subrequests: 1_000, wallClockMs: 30_000, cpuMs: 500 }),
  };
  const projection: Projection = {
    orgId,
    slug: "attacker",
    state: "running",
    revision: 1,
    routes: [{ id: newId("route"), scriptId: script.id, method: "ANY", host: null, path: "/*", pathKind: "prefix" }],
    scripts: { [script.id]: script },
    settings: DEFAULT_ORG_SETTINGS,
  };
  const code = { main: "index.js", modules: { "index.js": source }, nodeCompat: false };
  return { [projectionKey("attacker")]: JSON.stringify(projection), [codeKey(orgId, "one")]: JSON.stringify(code) };
}

const ATTACKER = `export default {
  async fetch(request) {
    const answers = {};
    for (const url of await request.json()) {
      try { answers[url] = await (await fetch(url)).text(); } catch (error) { answers[url] = error.message; }
    }
    return Response.json(answers);
  }
}`;

/** The edge without its egress: the network that stands behind, by itself. */
const WITHOUT_JUDGE = `
  import { WorkerEntrypoint } from "cloudflare:workers";
  import { outgoingRequest } from "./workers/router/egress/outgoing.ts";
  export class Control extends WorkerEntrypoint { fetch() { return new Response("ok"); } }
  export default {
    async fetch(request, env) {
      if (request.method === "GET") return new Response("ok");
      const answers = {};
      for (const url of await request.json()) {
        try {
          const made = new Request(url, { method: "POST", body: "abc", headers: JSON.parse(request.headers.get("x-send") ?? "{}") });
          const body = made.body.pipeThrough(new FixedLengthStream(3));
          answers[url] = await (await env.INTERNET.fetch(outgoingRequest(made, new URL(url), body))).text();
        } catch (error) { answers[url] = error.message; }
      }
      return Response.json(answers);
    },
  };`;

/** Everything else with which a script could open a connection. */
const OTHER_WAYS = `
  import { connect } from "cloudflare:sockets";
  const answers = {};
  const tried = (way, work) => Promise.race([Promise.resolve().then(work).then(() => "done", (error) => error.message), scheduler.wait(500)])
    .then((answer) => { answers[way] = answer ?? "nothing happened"; });
  const talk = (socket) => { socket.opened.catch(() => {}); socket.writable.getWriter().write(new TextEncoder().encode("hi")).catch(() => {}); return socket.closed; };
  export default {
    async fetch(request) {
      const [host] = await request.json();
      await Promise.all([
        tried("connect", () => talk(connect(host))),
        tried("connect with TLS", () => talk(connect(host, { secureTransport: "on" }))),
        tried("WebSocket", () => new Promise((done) => { new WebSocket("ws://" + host).onerror = done; })),
        tried("upgrade", () => fetch("http://" + host, { headers: { upgrade: "websocket" } })),
        tried("EventSource", () => new Promise((done) => { const s = new EventSource("http://" + host); s.onerror = () => { s.close(); done(); }; })),
        tried("sendBeacon", async () => { navigator.sendBeacon("http://" + host, "hi"); await scheduler.wait(200); }),
        tried("cache", () => caches.default.match("http://" + host)),
        tried("import", () => import("http://" + host + "/x.js")),
      ]);
      return Response.json(answers);
    }
  }`;

async function attempt(at: BareEdge, urls: string[], headers: object = {}): Promise<Record<string, string>> {
  const answer = await request({
    port: at.port,
    path: "/",
    method: "POST",
    headers: { host: "attacker.localhost", "x-send": JSON.stringify(headers) },
    body: JSON.stringify(urls),
    timeoutMs: 60_000,
  });
  expect(answer.status, answer.text).toBe(200);
  return JSON.parse(answer.text) as Record<string, string>;
}

const allow = (list: string) => (config: string) => {
  const changed = config.replace('allow = ["public"]', `allow = [${list}]`);
  expect(changed).not.toBe(config);
  return changed;
};

/** The configuration with a network that reaches everything. */
const opened = (config: string) => allow('"public", "private", "local"')(config).replace(/deny = \[[^\]]*\], /, "");

test("a script reaches no port of this computer by any spelling, and hears why", async () => {
  const answers = await attempt(await edge({ published: published(ATTACKER) }), spellings());
  expect(arrived).toEqual([]);
  for (const [url, answer] of Object.entries(answers)) {
    // What is no URL the isolate itself refuses.
    const isUrl = URL.canParse(url);
    expect(answer, url).toMatch(isUrl ? /^Egress refused \([a-z-]+\): / : /URL|parse/i);
  }
});

test("judging the URL alone is enough for that", async () => {
  await attempt(await edge({ published: published(ATTACKER), configure: opened }), spellings());
  expect(arrived).toEqual([]);
});

test("nothing but fetch opens a connection, and whatever is fetch in disguise is judged", async () => {
  const answers = await attempt(await edge({ published: published(OTHER_WAYS), configure: opened }), [
    `127.0.0.1:${port}`,
  ]);

  expect(Object.keys(answers)).toHaveLength(8);
  expect(arrived).toEqual([]);
});

test("and so is the network alone, whatever a name resolves to", async () => {
  const urls = spellings().filter((url) => URL.canParse(url));
  const answers = await attempt(await edge({ source: WITHOUT_JUDGE }), urls);
  expect(arrived).toEqual([]);
  expect(Object.values(answers)).not.toContain("in");
});

test("without either it would be reached, with a head that the script could not forge", async () => {
  // A neighbour of the loopback address is let through, and the rest of the configuration stays.
  const open = await edge({ source: WITHOUT_JUDGE, configure: allow('"public", "127.0.0.2/32"') });
  const url = `http://127.0.0.2:${port}/path`;
  const headers = {
    host: "other.com",
    "content-length": "99",
    "transfer-encoding": "chunked",
    connection: "x-a",
    "x-isola-run": "exe_1",
    "x-b": "1",
  };
  expect(await attempt(open, [url], headers)).toEqual({ [url]: "in" });
  const [head = ""] = arrived;
  const lines = head.toLowerCase().split("\r\n");
  expect(lines[0]).toBe("post /path http/1.1");
  expect(lines.slice(1, lines.indexOf("")).toSorted()).toEqual([
    "content-length: 3",
    "content-type: text/plain;charset=utf-8",
    `host: 127.0.0.2:${port}`,
    "x-b: 1",
  ]);
});

test("a host that the network does not let through is one that cannot be reached", async () => {
  const closed = await edge({ published: published(ATTACKER), configure: allow("") });
  const { "http://8.8.8.8/": answer } = await attempt(closed, ["http://8.8.8.8/"]);
  expect(answer).toMatch(/^Egress failed \(unreachable\): /);
});
