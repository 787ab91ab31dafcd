import type { TenantUser } from "../../../contracts/hand-over.ts";
import { MACHINE_SECRET_HEADER } from "../../../contracts/machines.ts";
import type { Caller } from "./caller.ts";

/** Header that says who is signed in: JSON of id, email, name and role, as base 64 of its UTF-8. */
export const USER_HEADER = "x-isola-user";
/** Header that counts how often a request came back to the platform from a machine. */
export const HOPS_HEADER = "x-isola-hops";

/**
 * Headers that no caller can send on: what belongs to one connection, what the platform says of the caller, and what other
 * proxies are believed in.
 */
const WITHHELD: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "forwarded",
  "x-forwarded",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-original-host",
  "x-original-url",
  "x-rewrite-url",
  "x-host",
  "true-client-ip",
  "cdn-loop",
]);
const WITHHELD_PREFIX = /^(?:x-isola-|x-forwarded-|cf-|proxy-|sec-websocket-(?!protocol$))/;

/** Whether a caller's header stays here. Programs that read headers as variables take `_` for `-`. */
function isWithheld(name: string): boolean {
  const read = name.includes("_") ? name.replaceAll("_", "-") : name;
  return WITHHELD.has(read) || WITHHELD_PREFIX.test(read);
}

/** What the platform adds to a request of a machine. */
export interface Additions {
  caller: Caller;
  secret: string;
  user: TenantUser | null;
  hops: number;
  isSocket: boolean;
}

/** The headers of a request as its machine gets them; the runtime adds `Host` and what belongs to the connection. */
export function outgoingHeaders(inbound: Headers, { caller, secret, user, hops, isSocket }: Additions): Headers {
  const headers = new Headers();
  const named = connectionNames(inbound.get("connection"));
  for (const [name, value] of inbound) {
    if (!isWithheld(name) && !named.includes(name)) headers.append(name, value);
  }
  if (caller.address !== null) {
    headers.set("x-forwarded-for", caller.address);
    headers.set("x-real-ip", caller.address);
  }
  headers.set("x-forwarded-host", caller.host);
  headers.set("x-forwarded-proto", caller.protocol);
  headers.set("x-forwarded-port", caller.port);
  headers.set(HOPS_HEADER, String(hops));
  headers.set(MACHINE_SECRET_HEADER, secret);
  if (user !== null) headers.set(USER_HEADER, encodedUser(user));
  if (isSocket) headers.set("upgrade", "websocket");
  return headers;
}

/** Times that a request has come back already; what is no number counts as too many. */
export function hopsOf(inbound: Headers): number {
  const text = inbound.get(HOPS_HEADER);
  if (text === null) return 0;
  return /^[0-9]$/.test(text) ? Number(text) : Infinity;
}

/** Headers that a caller says are for this connection alone (RFC 9110, 7.6.1). */
function connectionNames(connection: string | null): readonly string[] {
  return connection === null ? NONE : connection.split(",").map((name) => name.trim().toLowerCase());
}

const NONE: readonly string[] = [];

function encodedUser({ id, email, name, role }: TenantUser): string {
  const bytes = new TextEncoder().encode(JSON.stringify({ id, email, name, role }));
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
