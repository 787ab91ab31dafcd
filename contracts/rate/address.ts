import { parseIPv6 } from "../egress/ipv6.ts";

/** Groups of an IPv6 address that name a network: whoever has one address has all 2^64 of it (RFC 4291, 2.5.4). */
const NETWORK_GROUPS = 4;
/** Longest text of an address, in characters (RFC 4291, with an IPv4 address in it). */
const ADDRESS_LENGTH_MAX = 45;

/** What requests from an address are counted by: the address, or its network where there are more than enough. */
export function addressKey(address: string): string {
  if (!address.includes(":")) return address.slice(0, ADDRESS_LENGTH_MAX);
  const groups = parseIPv6(address.toLowerCase());
  if (groups === null) return address.slice(0, ADDRESS_LENGTH_MAX);
  return groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.toString(16))
    .join(":");
}
