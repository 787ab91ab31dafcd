import { spawn } from "node:child_process";
import * as net from "node:net";
import { getSystemErrorName } from "node:util";

import { StartError } from "./start-error.ts";

/** Connections that wait in the kernel while no edge accepts; it may cut this to its own limit. */
const BACKLOG_CONNECTIONS = 1024;
const FIRST_INHERITED = 3;

/** A bound socket that this process holds and never accepts on. */
export interface HeldSocket {
  /** File descriptor for children to inherit. */
  fd: number;
  /** Lets go of it; safe to call twice. */
  close(): void;
}

/** `shared`: one of several sockets on one port, among which the kernel spreads the connections. */
export type SocketAddress = { host: string; port: number; shared?: boolean } | { path: string };

/** Whether the kernel spreads connections over several sockets on one port. Elsewhere all edges take from one. */
export const CAN_SHARE_PORT = process.platform === "linux";

interface Handle {
  readonly fd: number;
  getsockname?(out: object): number;
  close(): void;
}

type CreateHandle = (
  address: string,
  port: number,
  addressType: 4 | 6 | -1,
  fd: undefined,
  flags: number,
) => Handle | number;

/** libuv's flag for SO_REUSEPORT. */
const UV_TCP_REUSEPORT = 2;

// Node's cluster module binds its sockets with this; there is no public way to bind without also accepting.
const createHandle = (net as unknown as { _createServerHandle: CreateHandle })._createServerHandle;

/**
 * Binds sockets and makes them listen, for children to inherit and accept on.
 *
 * Node cannot listen without accepting: from the first turn of its event loop it would take connections away from
 * the edges. But `listen` is a property of the socket, not of the process, so a child that inherits the bound sockets
 * calls it and is gone before its own event loop turns. The sockets then listen for as long as this process lives:
 * connections wait in their queue while an edge is replaced, and are never refused.
 *
 * @throws StartError when an address is taken or not permitted.
 */
export async function holdSockets(addresses: readonly SocketAddress[]): Promise<HeldSocket[]> {
  const handles: Handle[] = [];
  try {
    // A port that is shared could be joined by another instance without either noticing.
    const shared = addresses.find((address) => "port" in address && address.shared === true);
    if (shared !== undefined) bind({ ...shared, shared: false }).close();
    for (const address of addresses) handles.push(bind(address));
    const fault = await listenInChild(handles.map((handle) => handle.fd));
    if (fault !== null) throw faultOf(fault, addresses[0]);
  } catch (error) {
    for (const handle of handles) handle.close();
    throw error;
  }
  return handles.map((handle) => {
    let open = true;
    const close = (): void => {
      if (open) handle.close();
      open = false;
    };
    return { fd: handle.fd, close };
  });
}

function bind(address: SocketAddress): Handle {
  const made =
    "path" in address
      ? createHandle(address.path, -1, -1, undefined, 0)
      : createHandle(
          address.host,
          address.port,
          net.isIPv6(address.host) ? 6 : 4,
          undefined,
          address.shared === true ? UV_TCP_REUSEPORT : 0,
        );
  if (typeof made === "number") throw faultOf(getSystemErrorName(made), address);
  // libuv keeps an address in use to itself until somebody asks.
  const fault = made.getsockname?.({}) ?? 0;
  if (fault !== 0) {
    made.close();
    throw faultOf(getSystemErrorName(fault), address);
  }
  return made;
}

/** Calls listen(2) on inherited sockets; exits before it could accept. Its exit code is the place of a bad one. */
const LISTEN_SCRIPT = `
const { createServer } = require("node:net");
const count = Number(process.argv[1]);
let open = count;
for (let fd = ${FIRST_INHERITED}; fd < ${FIRST_INHERITED} + count; fd++) {
  const server = createServer();
  server.once("error", (error) => { console.log(error.code); process.exit(1); });
  server.listen({ fd }, ${BACKLOG_CONNECTIONS}, () => { if (--open === 0) process.exit(0); });
}
`;

/** Resolves to the error's code, or null when all sockets listen. */
function listenInChild(descriptors: readonly number[]): Promise<string | null> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ["-e", LISTEN_SCRIPT, String(descriptors.length)], {
      stdio: ["ignore", "pipe", "inherit", ...descriptors],
    });
    let code = "";
    child.stdout?.on("data", (chunk: Buffer) => (code += chunk.toString()));
    child.once("error", fail);
    child.once("close", (status) => done(status === 0 ? null : code.trim() || `exit code ${status}`));
  });
}

/** The line for a socket that cannot be used. */
export function faultOf(code: string, address: SocketAddress | undefined): Error {
  if (address === undefined || "path" in address) {
    return new Error(`A private socket cannot be used (${code}).`);
  }
  const { host, port } = address;
  if (code === "EADDRINUSE") {
    return new StartError(
      `port ${port} is in use by another program`,
      `stop that program, or set ISOLA_PORT to another port`,
    );
  }
  if (code === "EACCES") {
    return new StartError(`port ${port} needs more rights than you have`, "set ISOLA_PORT to a port above 1023");
  }
  if (code === "EADDRNOTAVAIL") {
    return new StartError(`${host} is not an address of this machine`, "set ISOLA_HOST to one, such as 127.0.0.1");
  }
  return new StartError(
    `cannot listen on ${host}:${port} (${code})`,
    "set ISOLA_HOST and ISOLA_PORT to a free address",
  );
}
