import { PlatformError } from "../../../contracts/errors.ts";
import { MACHINE_HOPS_MAX, MACHINE_REQUESTS_MAX, MACHINE_SOCKETS_MAX } from "../../../contracts/limits.ts";
import type { ProjectedMachine } from "../../../contracts/machines.ts";
import type { RouterEnv } from "../env.ts";
import { withCookie } from "../people/respond.ts";
import { visitorOf } from "../people/visitor.ts";
import type { ResolvedOrg } from "../resolve/org.ts";
import { cleanAnswer } from "./answer.ts";
import { machineBody } from "./body.ts";
import { callerOf } from "./caller.ts";
import { Count } from "./count.ts";
import { type Additions, hopsOf, outgoingHeaders } from "./outgoing.ts";
import { proxySecret } from "./secret.ts";
import { leadsHome, sendToMachine } from "./send.ts";
import { joinSockets } from "./socket.ts";

/** A request to the host of an org that has a machine. */
export interface Asked {
  request: Request;
  /** Path and query as they came. */
  target: string;
  rawHost: string;
  /** The same, read: lower case, without its port. */
  hostname: string;
  org: ResolvedOrg;
  env: RouterEnv;
}

/** Requests that wait for the head of an answer, and open sockets, of each org on this edge. */
const requests = new Count(MACHINE_REQUESTS_MAX);
export const sockets = new Count(MACHINE_SOCKETS_MAX);

/** Whether somebody asks for a socket. */
export const asksForSocket = ({ headers }: Request): boolean => headers.get("upgrade")?.toLowerCase() === "websocket";

/**
 * Passes a request on to a machine that is up, and its answer back, both as they stream.
 *
 * @throws PlatformError `unavailable`, `timeout` or `too_large`
 */
export async function proxy(asked: Asked, machine: ProjectedMachine & { origin: string }): Promise<Response> {
  const { target, rawHost, hostname, org, env } = asked;
  const { orgId } = org.projection;
  const hops = hopsOf(asked.request.headers) + 1;
  if (hops > MACHINE_HOPS_MAX || leadsHome(machine, hostname, env)) throw loops();
  // Whose session it is stays here, and the machine is told who that is.
  const visitor = await visitorOf(asked.request, org, env);
  const request = visitor?.request ?? asked.request;
  const known = proxySecret(machine, env);
  const isSocket = asksForSocket(request);
  const additions: Additions = {
    caller: callerOf(asked.request, rawHost, env),
    secret: typeof known === "string" ? known : await known,
    user: visitor?.user ?? null,
    hops,
    isSocket,
  };
  const outgoing = {
    url: machine.origin + target,
    method: request.method,
    headers: outgoingHeaders(request.headers, additions),
    body: machineBody(request),
  };
  if (isSocket && !sockets.enter(orgId)) throw crowded("sockets", MACHINE_SOCKETS_MAX);
  let isJoined = false;
  try {
    if (!requests.enter(orgId)) throw crowded("requests", MACHINE_REQUESTS_MAX);
    const answer = await sendToMachine(outgoing, machine, env).finally(() => requests.leave(orgId));
    const cleaned = cleanAnswer(answer, hostname);
    if (cleaned.webSocket !== null) {
      isJoined = true;
      return joined(cleaned, cleaned.webSocket, () => sockets.leave(orgId));
    }
    return visitor?.setCookie == null ? cleaned : withCookie(cleaned, visitor.setCookie);
  } finally {
    if (isSocket && !isJoined) sockets.leave(orgId);
  }
}

/** The caller's end of a pair whose other end is joined to the machine's socket. */
function joined(answer: Response, machine: WebSocket, ended: () => void): Response {
  const headers = new Headers(answer.headers);
  // The runtime writes these for the caller's own connection.
  for (const name of ["connection", "upgrade", "sec-websocket-accept", "sec-websocket-extensions"])
    headers.delete(name);
  const { 0: callers, 1: ours } = new WebSocketPair();
  joinSockets(ours, machine, ended);
  return new Response(null, { status: 101, headers, webSocket: callers });
}

const loops = (): PlatformError =>
  new PlatformError(
    "unavailable",
    "This org's machine leads back to the platform itself. Its admins must change its address.",
    {
      reason: "loop",
      retryAfterS: 60,
    },
  );

const crowded = (what: string, limit: number): PlatformError =>
  new PlatformError("unavailable", `This org's machine has ${limit} ${what} open, which is the limit. Try again.`, {
    reason: "concurrency",
    limit,
  });
