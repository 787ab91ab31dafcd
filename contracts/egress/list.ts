import * as z from "zod";

import { EGRESS_LIST_LENGTH_MAX, HOST_LENGTH_MAX } from "../limits.ts";
import { canonicalHost, categoryOfHost, isAddress } from "./host.ts";

/** In a deny list: every host there is. */
const EVERYTHING = "*";
/** What makes a text more than a host: a scheme, a port, a path, user information, an escape, a space. */
const NOT_A_HOST = /[/\\?#@%\s\p{Cc}]/u;
const WITH_PORT = /^[^[\]]*:|\]:/;

/** An entry of a list in canonical spelling, or why it is none in words that follow the entry. */
export type ParsedEntry = { ok: true; entry: string } | { ok: false; reason: string };

const refuse = (reason: string): ParsedEntry => ({ ok: false, reason });

/** Parses an entry of an org's list of hosts: `example.com`, `*.example.com` (what is below it), or a public address. */
export function parseEgressEntry(text: string, list: "allow" | "deny"): ParsedEntry {
  if (text === EVERYTHING) {
    return list === "deny"
      ? { ok: true, entry: EVERYTHING }
      : refuse("is for deny lists; an empty allow list allows every public host");
  }
  if (text.length > HOST_LENGTH_MAX + 2) return refuse(`must have at most ${HOST_LENGTH_MAX} characters`);
  if (text.includes("://")) return refuse("must be a host name without a scheme");
  if (NOT_A_HOST.test(text)) return refuse("must be a host name and nothing else: no path, user name or space");
  if (WITH_PORT.test(text)) return refuse("must be a host name without a port; put an IPv6 address in brackets");
  const wild = text.startsWith("*.");
  const name = wild ? text.slice(2) : text;
  if (name.includes("*")) return refuse('may have "*" only as its whole first label: *.example.com');
  const url = URL.parse(`http://${name}/`);
  const host = url === null ? null : canonicalHost(url);
  if (host === null) return refuse("is no host name");
  if (wild && isAddress(host)) return refuse('is an address; only names can have "*." before them');
  const category = categoryOfHost(wild ? `any.${host}` : host);
  if (list === "allow" && category !== null) return refuse(`is a ${category} address, which no script may reach`);
  return { ok: true, entry: wild ? `*.${host}` : host };
}

/** Whether a host in canonical spelling is on a list. */
export function isListed(host: string, list: readonly string[]): boolean {
  return list.some((entry) => {
    if (entry === host || entry === EVERYTHING) return true;
    return entry.startsWith("*.") && host.endsWith(entry.slice(1));
  });
}

const listSchema = (list: "allow" | "deny") =>
  z
    .array(
      z.string().transform((text, context) => {
        const parsed = parseEgressEntry(text, list);
        if (parsed.ok) return parsed.entry;
        context.addIssue({ code: "custom", message: parsed.reason });
        return z.NEVER;
      }),
    )
    .max(EGRESS_LIST_LENGTH_MAX)
    .transform((entries) => [...new Set(entries)]);

/** What an admin says of the hosts that an org's scripts may and may not reach; each list replaces the one before. */
export const egressListsSchema = z.object({ allow: listSchema("allow"), deny: listSchema("deny") });
export type EgressLists = z.output<typeof egressListsSchema>;
