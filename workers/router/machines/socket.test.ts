import { beforeEach, describe, expect, it } from "vitest";

import { MACHINE_SOCKETS_MAX } from "../../../contracts/limits.ts";
import type { Tenant } from "../testing/tenant.ts";
import { sockets } from "./proxy.ts";
import { joinSockets } from "./socket.ts";
import { newMachineTenant, reached } from "./testing/up.ts";

let tenant: Tenant;

beforeEach(async () => {
  tenant = await newMachineTenant();
  await reached();
});

async function open(path = "/", headers: Record<string, string> = {}): Promise<WebSocket> {
  const response = await tenant.fetch(path, { headers: { upgrade: "websocket", ...headers } });
  expect(response.status).toBe(101);
  if (response.webSocket === null) throw new Error("no socket");
  response.webSocket.binaryType = "arraybuffer";
  response.webSocket.accept();
  return response.webSocket;
}

const next = (socket: WebSocket): Promise<unknown> =>
  new Promise((done) => socket.addEventListener("message", ({ data }) => done(data), { once: true }));
const closed = (socket: WebSocket): Promise<CloseEvent> =>
  new Promise((done) => socket.addEventListener("close", done, { once: true }));

describe("a WebSocket to a machine", () => {
  it("carries text and bytes both ways", async () => {
    const socket = await open();
    socket.send("hello");
    expect(await next(socket)).toBe("echo hello");
    socket.send(new Uint8Array([1, 2, 3]));
    expect(new Uint8Array((await next(socket)) as ArrayBuffer)).toEqual(new Uint8Array([1, 2, 3]));
    socket.close(1000, "done");
  });

  it("agrees on a protocol, and tells the machine who comes through the platform", async () => {
    const response = await tenant.fetch("/", {
      headers: { upgrade: "websocket", "sec-websocket-protocol": "chat, x" },
    });
    expect(response.headers.get("sec-websocket-protocol")).toBe("chat");
    response.webSocket?.accept();
    response.webSocket?.close();
    const [asked] = (await reached()).asked;
    expect(asked?.headers["x-isola-secret"]).toMatch(/^[0-9a-f]{64}$/);
    expect(asked?.headers["x-forwarded-host"]).toBe(tenant.host);
  });

  it("closes at one end with what the other end says", async () => {
    const socket = await open();
    const end = closed(socket);
    socket.send("close");
    expect(await end).toMatchObject({ code: 4001, reason: "as you wish" });
    const other = await open();
    other.close(4002, "bye");
    await expect.poll(async () => (await reached()).asked.some(({ closed }) => closed === 4002)).toBe(true);
    expect(sockets.of(tenant.orgId)).toBe(0);
  });

  it("that the machine refuses is refused with its words", async () => {
    const response = await tenant.fetch("/no-sockets", { headers: { upgrade: "websocket" } });
    expect(response.status).toBe(401);
    expect(await response.text()).toBe("not here");
    expect(sockets.of(tenant.orgId)).toBe(0);
  });

  it("is refused over the limit of open ones, and let in when one closes", async () => {
    const socket = await open();
    expect(sockets.of(tenant.orgId)).toBe(1);
    for (let count = 1; count < MACHINE_SOCKETS_MAX; count++) sockets.enter(tenant.orgId);
    expect((await tenant.fetch("/", { headers: { upgrade: "websocket" } })).status).toBe(503);
    socket.close();
    await expect.poll(() => sockets.of(tenant.orgId)).toBe(MACHINE_SOCKETS_MAX - 1);
    (await open()).close();
    for (let count = 1; count < MACHINE_SOCKETS_MAX; count++) sockets.leave(tenant.orgId);
  });

  it("before the machine is up is refused with 503 (23)", async () => {
    for (const state of ["created", "starting", "stopped", "failed"] as const) {
      const early = await newMachineTenant({ state, origin: null, wake: state !== "stopped" });
      const response = await early.fetch("/", { headers: { upgrade: "websocket" } });
      expect(response.status).toBe(503);
      expect(response.webSocket).toBeNull();
      expect(response.headers.get("retry-after")).not.toBeNull();
    }
  });
});

describe("two joined sockets", () => {
  const pair = () => {
    const [callers, ours] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    const [machines, ourOther] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    callers.accept();
    machines.accept();
    return { callers, ours, machines, ourOther };
  };

  it("are closed when nobody says anything, and not while somebody does", async () => {
    const { callers, ours, machines, ourOther } = pair();
    let ended = 0;
    joinSockets(ours, ourOther, () => (ended += 1), 150);
    const end = closed(callers);
    for (let index = 0; index < 4; index++) {
      await scheduler.wait(70);
      expect(ended).toBe(0);
      (index % 2 === 0 ? callers : machines).send("still here");
    }
    expect(await end).toMatchObject({ code: 1001 });
    expect(ended).toBe(1);
  });
});
