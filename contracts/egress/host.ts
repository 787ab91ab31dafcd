import type { AddressCategory } from "./category.ts";
import { categoryOfIPv4, parseIPv4 } from "./ipv4.ts";
import { categoryOfIPv6, parseIPv6 } from "./ipv6.ts";
import { categoryOfName, isLookable } from "./name.ts";

/** Hosts that belong to the platform itself. */
export interface PlatformHosts {
  /** Orgs live at `<slug>.<domain>`. */
  domain: string;
  /** Host of the control plane. */
  appHost: string;
}

/**
 * A host in the one spelling in which hosts are compared: what `URL` made of it, without a last dot. Null when nothing
 * could be looked up under it.
 */
export function canonicalHost(url: URL): string | null {
  const host = url.hostname.endsWith(".") ? url.hostname.slice(0, -1) : url.hostname;
  return host.startsWith("[") || isLookable(host) ? host : null;
}

/** Whether a host in canonical spelling is an address and no name. */
export function isAddress(host: string): boolean {
  return host.startsWith("[") || parseIPv4(host) !== null;
}

/** Why a host in canonical spelling is no public one; null when it may be. */
export function categoryOfHost(host: string): AddressCategory | null {
  if (host.startsWith("[")) {
    const groups = parseIPv6(host.slice(1, -1));
    return groups === null ? "reserved" : categoryOfIPv6(groups);
  }
  const address = parseIPv4(host);
  return address === null ? categoryOfName(host) : categoryOfIPv4(address);
}

/**
 * Whether a host is the platform's: the control plane, the bare domain, or any org's. An org's host is refused too: a
 * call through it would carry neither depth nor deadline, so two scripts could call each other without end.
 */
export function isPlatformHost(host: string, { domain, appHost }: PlatformHosts): boolean {
  return host === appHost || host === domain || host.endsWith(`.${domain}`);
}
