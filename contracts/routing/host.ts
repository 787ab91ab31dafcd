import { parseHost } from "../hosts.ts";
import { HOST_LENGTH_MAX } from "../limits.ts";
import type { HostKind } from "./types.ts";

/** A host pattern, or why it is none. `host` is null for any host. */
type ParsedHost = { ok: true; host: string | null; hostKind: HostKind } | { ok: false; reason: string };

/** What a URL would read as something else than a name: user, path, query, escape, address in brackets. */
const NOT_A_NAME = /[@/\\?#%[\]\s\p{Cc}]/u;
const IPV4 = /^[0-9]+(?:\.[0-9]+){3}$/;
/** Room for a port, a wildcard, and letters that shrink in punycode; longer input is not worth reading. */
const INPUT_LENGTH_MAX = HOST_LENGTH_MAX + 50;

const refuse = (reason: string): ParsedHost => ({ ok: false, reason });

/** What kind of host a normalised pattern stands for. */
export function hostKindOf(host: string | null): HostKind {
  if (host === null) return "any";
  return host.startsWith("*.") ? "wildcard" : "strict";
}

/**
 * Parses a host pattern: `shop.example.com`, `*.example.com`, or nothing (or `*`) for any. Lower-cases,
 * drops port and trailing dot, writes IDN in punycode.
 */
export function parseHostPattern(pattern: string | null | undefined): ParsedHost {
  if (pattern === null || pattern === undefined || pattern === "*") return { ok: true, host: null, hostKind: "any" };
  if (pattern === "") return refuse("is empty; leave it out for any host");
  if (pattern.length > INPUT_LENGTH_MAX) return refuse(`must have at most ${HOST_LENGTH_MAX} characters`);
  const prefix = pattern.startsWith("*.") ? "*." : "";
  const name = pattern.slice(prefix.length);
  if (name.includes("*")) return refuse('may have "*" only as its whole first label, as in "*.example.com"');
  if (NOT_A_NAME.test(name)) return refuse('must be a host name only, such as "shop.example.com"');
  if (!URL.canParse(`http://${name}/`)) return refuse("is not a valid host name");
  const ascii = new URL(`http://${name}/`).hostname;
  if (prefix.length + ascii.length > HOST_LENGTH_MAX) return refuse(`must have at most ${HOST_LENGTH_MAX} characters`);
  const hostname = parseHost(ascii)?.hostname;
  if (hostname === undefined) return refuse("is not a valid host name");
  if (IPV4.test(hostname)) return refuse("is an address; give a host name");
  const host = prefix + hostname;
  return { ok: true, host, hostKind: hostKindOf(host) };
}
