import * as z from "zod";

import { parseHost } from "./hosts.ts";
import { HOST_LENGTH_MAX } from "./limits.ts";

/**
 * A host of a tenant's own: `shop.example.com`; `*.example.com`, which stands for one or more labels in front; or
 * `{tenant}.example.com`, which stands for exactly one and gives it a name.
 */
export interface DomainPattern {
  /** As it is claimed and compared: `shop.example.com` or `*.example.com`. */
  hostname: string;
  isWildcard: boolean;
  /** Name of the wildcard's label; null where it has none. */
  label: string | null;
}

const LABEL = /^\{([a-z][a-zA-Z0-9_]{0,31})\}$/;

/** Reads a claim, in whatever case; null where it is no name with at least two labels after the wildcard. */
export function parseDomain(text: string): DomainPattern | null {
  const dot = text.indexOf(".");
  const first = text.slice(0, dot);
  const named = LABEL.exec(first)?.[1] ?? null;
  const isWildcard = first === "*" || named !== null;
  const name = parseHost(isWildcard ? text.slice(dot + 1) : text);
  if (dot < 1 || name === null || name.hostname !== (isWildcard ? text.slice(dot + 1) : text).toLowerCase())
    return null;
  // The top-level domain is never all digits, so this is no address either.
  const labels = name.hostname.split(".");
  if (labels.length < 2 || /^[0-9]+$/.test(labels.at(-1) ?? "")) return null;
  const hostname = isWildcard ? `*.${name.hostname}` : name.hostname;
  return hostname.length > HOST_LENGTH_MAX ? null : { hostname, isWildcard, label: named };
}

/** Schema of a claim, which becomes a {@link DomainPattern}. */
export const domainSchema = z
  .string()
  .trim()
  .max(HOST_LENGTH_MAX)
  .transform((text, context): DomainPattern => {
    const pattern = parseDomain(text);
    if (pattern !== null) return pattern;
    context.addIssue({
      code: "custom",
      message: "must be a domain such as shop.example.com, *.example.com or {tenant}.example.com, without port or path",
    });
    return z.NEVER;
  });

/** The hosts under which a name may have been claimed, the most specific first: itself, then wildcards up to two labels. */
export function domainsOver(hostname: string): string[] {
  const labels = hostname.split(".");
  const hosts = [hostname];
  for (let from = 1; from <= labels.length - 2; from += 1) hosts.push(`*.${labels.slice(from).join(".")}`);
  return hosts;
}

/** Where the proof of a claim stands in the DNS. */
export const challengeName = (hostname: string): string => `_isola-challenge.${hostname.replace(/^\*\./, "")}`;

/** What is published of an active domain, under `hostKey`. */
export interface HostRecord {
  orgId: string;
  slug: string;
  hostname: string;
  label: string | null;
}
