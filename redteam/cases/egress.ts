import { hostname, networkInterfaces } from "node:os";

import { freePort } from "../../test/support/platform.ts";
import { attempt, attempts, type CaseClass } from "../attempt.ts";
import { canConnect } from "../support/canary.ts";
import type { Tried } from "../support/probe.ts";
import type { Stage } from "../support/stage.ts";

/** Spellings of this computer, its neighbours and the addresses that clouds keep secrets at. */
const HOSTS = [
  "127.0.0.1",
  "127.1",
  "127.255.255.254",
  "2130706433",
  "0x7f000001",
  "0x7f.1",
  "0177.0.0.1",
  "017700000001",
  "127.0.0.1.",
  "0.0.0.0",
  "0",
  "%31%32%37.0.0.1",
  "①②⑦.0.0.1",
  "127。0。0。1",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::ffff:0:127.0.0.1]",
  "[::127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[64:ff9b:1::7f00:1]",
  "[2002:7f00:1::]",
  "[fe80::1]",
  "[fd00:ec2::254]",
  "localhost",
  "LOCALHOST",
  "localhost.",
  "localhost.localdomain",
  "ip6-localhost",
  "app.localhost",
  "victim.localhost",
  "victim.localhost.",
  "a.b.localhost",
  "public.example@127.0.0.1",
  "public.example:80@127.0.0.1",
  "169.254.169.254",
  "metadata.google.internal",
  "100.100.100.200",
  "192.0.0.192",
  "10.0.0.1",
  "172.17.0.1",
  "192.168.0.1",
  "100.64.0.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
] as const;

/** Other ways out than `fetch` with a URL. */
const ways = (port: number): Record<string, string> => ({
  resolveOverride: `fetch("http://public.example:${port}/", { cf: { resolveOverride: "127.0.0.1" } }).then((r) => "status " + r.status)`,
  "the request's own fetcher": `request.fetcher.fetch("http://127.0.0.1:${port}/").then((r) => "status " + r.status)`,
  "a request copied from the caller's": `fetch(new Request("http://127.0.0.1:${port}/", request)).then((r) => "status " + r.status)`,
  "the caller's request as it is": `fetch(request).then((r) => "status " + r.status)`,
  "a Host header": `fetch("http://public.example/", { headers: { host: "127.0.0.1:${port}" } }).then((r) => "status " + r.status)`,
  "a proxy's absolute form": `fetch("http://public.example/http://127.0.0.1:${port}/").then((r) => "status " + r.status)`,
  "keepalive and no-cors": `fetch("http://127.0.0.1:${port}/", { keepalive: true, mode: "no-cors", cache: "no-store" }).then((r) => "status " + r.status)`,
  https: `fetch("https://127.0.0.1:${port}/").then((r) => "status " + r.status)`,
  "a file URL": `fetch("file:///etc/passwd").then((r) => r.text()).then((t) => "status " + t)`,
  "an ftp URL": `fetch("ftp://127.0.0.1:${port}/").then((r) => "status " + r.status)`,
  "a unix socket": `fetch("http+unix://%2Ftmp%2Fx.sock/").then((r) => "status " + r.status)`,
  WebSocket: `new Promise((done, fail) => { const s = new WebSocket("ws://127.0.0.1:${port}/"); s.addEventListener("open", () => done("status open")); s.addEventListener("error", (e) => fail(e.message)); })`,
  "fetch of a WebSocket": `fetch("http://127.0.0.1:${port}/", { headers: { upgrade: "websocket" } }).then((r) => "status " + r.status)`,
  EventSource: `new Promise((done, fail) => { const s = new EventSource("http://127.0.0.1:${port}/"); s.addEventListener("open", () => done("status open")); s.addEventListener("error", fail); })`,
  "a socket": `import("cloudflare:" + "sockets").then((m) => m.connect("127.0.0.1:${port}").opened).then((o) => "status " + JSON.stringify(o))`,
  "a socket that writes before it is open": `import("cloudflare:" + "sockets").then(async (m) => { const s = m.connect({ hostname: "localhost", port: ${port} }); await s.writable.getWriter().write(new TextEncoder().encode("GET / HTTP/1.1\\r\\n\\r\\n")); return "status " + new TextDecoder().decode((await s.readable.getReader().read()).value); })`,
  "a socket through a binding": `Promise.any(Object.values(workers.env).map((stub) => stub.connect("127.0.0.1:${port}").opened)).then((o) => "status " + JSON.stringify(o))`,
  "a fetch through a binding": `Promise.any(Object.values(workers.env).map((stub) => stub.fetch("http://127.0.0.1:${port}/"))).then((r) => "status " + r.status)`,
  mapVirtualHost: `(ctx.mapVirtualHost("127.0.0.1", Object.values(workers.env)[0]), fetch("http://127.0.0.1:${port}/").then((r) => "status " + r.status))`,
  "node:net": `new Promise((done, fail) => { const s = net.connect(${port}, "127.0.0.1"); s.on("error", fail); s.on("connect", () => done("status connected")); })`,
  "node:net to the IPv6 loopback": `new Promise((done, fail) => { const s = net.connect(${port}, "::1"); s.on("error", fail); s.on("connect", () => done("status connected")); })`,
  "node:net to a unix socket": `new Promise((done, fail) => { const s = net.connect({ path: "/tmp/x.sock" }); s.on("error", fail); s.on("connect", () => done("status connected")); })`,
  "node:http": `new Promise((done, fail) => { http.get({ host: "127.0.0.1", port: ${port} }, (r) => done("status " + r.statusCode)).on("error", fail); })`,
  "node:http to a unix socket": `new Promise((done, fail) => { http.get({ socketPath: "/tmp/x.sock" }, (r) => done("status " + r.statusCode)).on("error", fail); })`,
  "node:tls": `new Promise((done, fail) => { const s = tls.connect(${port}, "127.0.0.1", { rejectUnauthorized: false }); s.on("error", fail); s.on("secureConnect", () => done("status connected")); })`,
  "node:dgram": `new Promise((done, fail) => { const s = dgram.createSocket("udp4"); s.on("error", fail); s.send("x", ${port}, "127.0.0.1", (e) => e ? fail(e) : done("status sent")); })`,
});

const IMPORTS = `import * as workers from "cloudflare:workers"; import net from "node:net"; import http from "node:http"; import tls from "node:tls"; import dgram from "node:dgram";`;

const judge = ({ value }: Tried): string | null =>
  value?.startsWith("status ") === true ? `it was answered: ${value.slice(0, 120)}` : null;

/** Addresses of this computer that are not its loopback. */
const ownAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flat()
    .flatMap((address) => (address === undefined || address.internal ? [] : [address]))
    .map(({ address, family }) => (family === "IPv6" ? `[${address.split("%")[0]}]` : address));

const fetches = (hosts: readonly string[], port: number): Record<string, string> =>
  Object.fromEntries(
    hosts.map((host) => [
      `fetch ${host}`,
      `fetch("http://" + ${JSON.stringify(host)} + ":${port}/", { redirect: "manual" }).then(async (r) => "status " + r.status + " " + (await r.text()).slice(0, 80))`,
    ]),
  );

const expected = "refused, and no connection arrives anywhere";
const breach: Tried = { value: "status 200 canary" };

async function ownAddressesTried(stage: Stage): Promise<string> {
  const hosts = [...ownAddresses(), hostname()];
  const tried = await stage.probe(fetches(hosts, stage.canary.port));
  return [...tried].map(([name, { value, error }]) => `${name}: ${value ?? `refused ${error}`}`).join("\n");
}

export const egress: CaseClass = {
  name: "egress",
  cases: [
    ...attempts<Tried>({
      names: HOSTS.map((host) => `fetch ${host}`),
      expected,
      attack: (stage) => stage.probe(fetches(HOSTS, stage.canary.port)),
      judge,
      breach,
    }),
    ...attempts<Tried>({
      names: HOSTS.map((host) => `the platform's own port at ${host}`),
      expected,
      attack: async (stage) => {
        const tried = await stage.probe(fetches(HOSTS, stage.platform.port));
        return new Map([...tried].map(([name, seen]) => [name.replace("fetch", "the platform's own port at"), seen]));
      },
      judge,
      breach,
    }),
    ...attempts<Tried>({
      names: Object.keys(ways(1)),
      expected,
      attack: (stage) => stage.probe(ways(stage.canary.port), IMPORTS),
      judge,
      breach,
    }),
    attempt<string>({
      name: "this computer by its other addresses and its name",
      expected,
      attack: ownAddressesTried,
      judge: (text) => /^.*: status .*$/m.exec(text)?.[0] ?? null,
      breach: "fetch 10.1.2.3: status 200 canary",
    }),
    attempt<boolean>({
      name: "a listener of one's own",
      expected: "no port of this computer opens",
      attack: async (stage) => {
        const port = await freePort();
        await stage.probe(
          {
            listen: `new Promise((done, fail) => { const s = net.createServer((c) => c.end("in")); s.on("error", fail); s.listen(${port}, "0.0.0.0", done); })`,
            serve: `new Promise((done, fail) => { const s = http.createServer((q, r) => r.end("in")); s.on("error", fail); s.listen(${port}, done); })`,
          },
          IMPORTS,
        );
        return canConnect(port);
      },
      judge: (open) => (open ? "the port is open" : null),
      breach: true,
    }),
    attempt<number>({
      name: "the canary, after all that",
      expected: "nobody ever connected to it",
      attack: async (stage) => stage.canary.connections(),
      judge: (connections) => (connections === 0 ? null : `${connections} connections arrived`),
      breach: 1,
    }),
  ],
};
