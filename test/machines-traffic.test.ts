import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { connect, createServer as createSocketServer, type AddressInfo, type Socket } from "node:net";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";

import { eventually } from "./support/eventually.ts";
import { AT_HOME, enrolOwnMachine } from "./support/own-machine.ts";
import { startPlatform, type Platform } from "./support/platform.ts";
import { commandOf, descendants, edgesOf } from "./support/processes.ts";

/** A program on a machine of a tenant's own, over real connections. */
let machine: Server;
let sockets: WebSocketServer;
let secret: string;
let platform: Platform;
const seen: IncomingMessage[] = [];
const closed: string[] = [];

beforeAll(async () => {
  machine = createServer((asked, answer) => {
    seen.push(asked);
    answer.once("close", () => closed.push(`${asked.url} ${answer.writableFinished ? "whole" : "cut"}`));
    const { pathname } = new URL(asked.url ?? "/", "http://machine");
    if (pathname === "/echo") asked.pipe(answer);
    else if (pathname === "/hangs") return;
    else if (pathname === "/stream") {
      let count = 0;
      const beat = setInterval(() => answer.write(`${count++}\n`), 50);
      answer.once("close", () => clearInterval(beat));
    } else if (pathname === "/flood") {
      const more = (): void => {
        while (!answer.destroyed && answer.write(Buffer.alloc(64 * 1024)));
      };
      answer.on("drain", more);
      more();
    } else answer.end(JSON.stringify({ url: asked.url, headers: asked.headers }));
  });
  sockets = new WebSocketServer({ server: machine });
  sockets.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => {
      if (!isBinary && (data as Buffer).toString() === "flood") {
        const flood = setInterval(() => {
          if (socket.bufferedAmount < 4 * 1024 * 1024) socket.send(Buffer.alloc(1024 * 1024));
        }, 2);
        socket.on("close", () => clearInterval(flood));
      } else socket.send(data, { binary: isBinary });
    });
    socket.on("close", (code) => closed.push(`socket ${code}`));
  });
  machine.listen(0, "127.0.0.1");
  await once(machine, "listening");
  platform = await startPlatform({ env: AT_HOME });
  ({ proxySecret: secret } = await enrolOwnMachine(platform, "shop", `http://127.0.0.1:${portOf(machine)}`));
});
afterAll(async () => {
  await platform.dispose();
  machine.closeAllConnections();
  machine.close();
});
beforeEach(() => {
  seen.length = closed.length = 0;
});

const portOf = (server: { address(): AddressInfo | string | null }): number => (server.address() as AddressInfo).port;
const HOST = "shop.localhost";

/** Sends bytes as they are and answers what comes until the connection ends or it is quiet. */
async function raw(text: string, quietMs = 500): Promise<string> {
  const socket = connect(platform.port, "127.0.0.1");
  socket.setTimeout(quietMs, () => socket.destroy());
  let heard = "";
  socket.on("data", (chunk) => (heard += chunk.toString("latin1")));
  socket.on("error", () => {});
  socket.write(text);
  await once(socket, "close");
  return heard;
}

/** A server that does with each connection what it is told, as a machine of another org. */
async function strange(slug: string, meet: (socket: Socket, text: string) => void): Promise<() => void> {
  let isUp = false;
  const server = createSocketServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => {
      if (isUp) meet(socket, data.toString("latin1"));
      else socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await enrolOwnMachine(platform, slug, `http://127.0.0.1:${portOf(server)}`);
  isUp = true;
  return () => server.close();
}

describe("a request to a machine", () => {
  test("says whose it is, and carries the secret that the machine was given", async () => {
    const { text } = await platform.fetch(HOST, "/a//b?c", {
      headers: { "x-forwarded-for": "6.6.6.6", "x-isola-secret": "guess" },
    });
    const { url, headers } = JSON.parse(text) as { url: string; headers: Record<string, string> };
    expect(url).toBe("/a//b?c");
    expect(headers).toMatchObject({
      host: `127.0.0.1:${portOf(machine)}`,
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": `${HOST}:${platform.port}`,
      "x-forwarded-proto": "http",
      "x-forwarded-port": String(platform.port),
      "x-isola-secret": secret,
    });
  });

  test("is one request, whatever a caller writes into it", async () => {
    const head = `Host: ${HOST}:${platform.port}\r\n`;
    const second = `GET /smuggled HTTP/1.1\r\n${head}\r\n`;
    for (const framing of [
      `Content-Length: 3\r\nTransfer-Encoding: chunked\r\n`,
      `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n`,
      `Transfer-Encoding: xchunked\r\nContent-Length: ${second.length}\r\n`,
      `Content-Length: 3\r\nContent-Length: ${second.length + 5}\r\n`,
      `X: y\r\n Transfer-Encoding: chunked\r\n`,
    ]) {
      await raw(`POST /echo HTTP/1.1\r\n${head}${framing}\r\n0\r\n\r\n`);
    }
    // What follows a whole request is a request of its own to the platform, and to nobody else's host.
    await raw(`GET /x HTTP/1.1\r\n${head}X-A: b\rGET /smuggled HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await raw(`GET /x%0d%0aX-Isola-User:%20me HTTP/1.1\r\n${head}\r\n`);
    expect(seen.filter(({ url }) => url?.includes("smuggled"))).toEqual([]);
    for (const { headers } of seen) {
      expect(headers["x-isola-secret"]).toBe(secret);
      expect(headers["x-isola-user"]).toBeUndefined();
    }
  });

  test("to a host that is written in a strange way reaches this org or none", async () => {
    for (const host of ["shop.localhost.", "SHOP.localhost", "shop.localhost:1"]) {
      expect(await raw(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).toContain("200 OK");
    }
    seen.length = 0;
    for (const host of [
      "shop.localhost/x",
      "shop.localhost@evil",
      "user@shop.localhost",
      "shop.localhost evil",
      "[::1]",
    ]) {
      await raw(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    }
    expect(seen).toEqual([]);
  });

  test("streams its body slowly, and has the answer stream back", async () => {
    const socket = connect(platform.port, "127.0.0.1");
    let heard = "";
    socket.on("data", (chunk) => (heard += chunk.toString()));
    socket.write(`POST /echo HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    for (const word of ["one", "two"]) {
      socket.write(`3\r\n${word}\r\n`);
      await eventually(
        () => Promise.resolve(heard),
        (text) => text.includes(word),
      );
      expect(heard).toContain(word);
    }
    socket.destroy();
  });

  test("ends at the machine when its caller goes", async () => {
    const socket = connect(platform.port, "127.0.0.1");
    socket.write(`GET /stream HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await once(socket, "data");
    socket.destroy();
    await eventually(
      () => Promise.resolve(closed),
      (list) => list.includes("/stream cut"),
    );
    expect(closed).toContain("/stream cut");
    const other = connect(platform.port, "127.0.0.1");
    other.write(`GET /hangs HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await eventually(
      () => Promise.resolve(seen),
      (list) => list.some(({ url }) => url === "/hangs"),
    );
    other.resetAndDestroy();
    await eventually(
      () => Promise.resolve(closed),
      (list) => list.includes("/hangs cut"),
    );
    expect(closed).toContain("/hangs cut");
  });

  test("whose answer nobody reads makes the machine wait", async () => {
    const socket = connect(platform.port, "127.0.0.1");
    socket.write(`GET /flood HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await once(socket, "readable");
    await new Promise((done) => setTimeout(done, 1_000));
    const [sent] = await Promise.all(
      [...(await openSockets(machine))].map((each) => Promise.resolve(each.bytesWritten)),
    );
    const [later] = (await openSockets(machine)).map((each) => each.bytesWritten);
    expect(later).toBe(sent);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    socket.destroy();
  });
});

const openSockets = (server: Server): Promise<Socket[]> =>
  new Promise((done) => {
    server.getConnections(() => done(seen.filter(({ url }) => url === "/flood").map(({ socket }) => socket)));
  });

describe("a WebSocket to a machine", () => {
  const open = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${platform.port}/chat`, { headers: { host: HOST } });
    await once(socket, "open");
    return socket;
  };

  test("carries what both ends say, and their goodbye", async () => {
    const socket = await open();
    socket.send("hello");
    expect(String((await once(socket, "message"))[0])).toBe("hello");
    socket.send(Buffer.from([0, 255]));
    const [bytes, isBinary] = (await once(socket, "message")) as [Buffer, boolean];
    expect([...bytes, isBinary]).toEqual([0, 255, true]);
    socket.close(4000, "bye");
    await eventually(
      () => Promise.resolve(closed),
      (list) => list.includes("socket 4000"),
    );
    expect(closed).toContain("socket 4000");
  });

  // What waits for a slow reader is kept by the edge's runtime, which does not tell how much that is.
  test("whose caller does not read is ended by the watchdog, and costs nobody else a request", async () => {
    const socket = await open();
    socket.pause();
    socket.send("flood");
    const statuses = new Set<number>();
    await eventually(
      async () => {
        statuses.add((await platform.fetch(HOST, "/")).status);
        return closed;
      },
      (list) => list.some((line) => line.startsWith("socket")),
    );
    expect([...statuses]).toEqual([200]);
    socket.terminate();
  });
});

describe("a machine that misbehaves", () => {
  /** Whether a caller still finds a machine that is said to be up, or is asked to wait since it was seen that it is not. */
  const fails = async (slug: string, reason: RegExp): Promise<void> => {
    const { status, headers, text } = await platform.fetch(`${slug}.localhost`, "/");
    expect(status).toBe(503);
    expect(headers["retry-after"]).toMatch(/^\d+$/);
    expect(text).toMatch(/"code":"unavailable"/);
    expect(text).toMatch(reason);
    expect(text).not.toMatch(/127\.0\.0\.1/);
  };

  test.each([
    ["garbage", (socket: Socket) => socket.end("this is no HTTP\r\n\r\n")],
    ["resets", (socket: Socket) => socket.resetAndDestroy()],
    ["silence", (socket: Socket) => socket.end()],
    ["headless", (socket: Socket) => socket.end("HTTP/1.1 200")],
    ["doubled", (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab")],
  ])("and answers with %s costs its callers a 503", async (slug, meet) => {
    const stop = await strange(slug, meet);
    await fails(slug, /"reason":"machine"/);
    stop();
    await fails(slug, /"reason":"machine"|"state":"/);
  });

  test("and breaks off in the middle has its answer broken off", async () => {
    const stop = await strange("short", (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort"));
    await expect(platform.fetch("short.localhost", "/")).rejects.toThrow();
    stop();
  });
});

test("a machine answers on while the control plane is down", { timeout: 60_000 }, async () => {
  const core = coreOf(platform.process.pid ?? 0);
  expect(core).not.toEqual([]);
  // Each connection finds an edge by chance, and either has to have been asked once.
  for (let count = 0; count < 40; count++) await platform.fetch(HOST, "/");
  for (const pid of core) process.kill(pid, "SIGSTOP");
  try {
    const until = Date.now() + 3_000;
    while (Date.now() < until) {
      expect(await platform.fetch(HOST, "/")).toMatchObject({ status: 200 });
      await new Promise((done) => setTimeout(done, 100));
    }
  } finally {
    for (const pid of core.filter((pid) => commandOf(pid) !== "")) process.kill(pid, "SIGCONT");
  }
  await eventually(
    () => platform.fetch(HOST, "/"),
    ({ status }) => status === 200,
  );
});

/** The processes that hold state and run the control plane. */
function coreOf(launcher: number): number[] {
  const edges = edgesOf(launcher);
  return descendants(launcher).filter((pid) => !edges.includes(pid) && /workerd\S* serve/.test(commandOf(pid)));
}
