import type { AddressCategory } from "./category.ts";

type Range = readonly [address: number, prefixLength: number, category: AddressCategory];

/** Text of four decimal numbers; what `URL` makes of every spelling of an IPv4 address. */
const DOTTED = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** Four bytes as one number. */
const ip = (a: number, b = 0, c = 0, d = 0): number => ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;

/** What is not the public internet (IANA's registry of special-purpose addresses), the closer range first. */
const RANGES: readonly Range[] = [
  [ip(169, 254, 169, 254), 32, "metadata"],
  [ip(169, 254, 170, 2), 32, "metadata"],
  [ip(169, 254, 170, 23), 32, "metadata"],
  [ip(100, 100, 100, 200), 32, "metadata"],
  [ip(168, 63, 129, 16), 32, "metadata"],
  [ip(192, 0, 0, 192), 32, "metadata"],
  [ip(127), 8, "loopback"],
  [ip(10), 8, "private"],
  [ip(172, 16), 12, "private"],
  [ip(192, 168), 16, "private"],
  [ip(169, 254), 16, "link-local"],
  [ip(100, 64), 10, "shared"],
  [ip(224), 4, "multicast"],
  [ip(0), 8, "reserved"],
  [ip(192), 24, "reserved"],
  [ip(192, 0, 2), 24, "reserved"],
  [ip(192, 88, 99), 24, "reserved"],
  [ip(198, 18), 15, "reserved"],
  [ip(198, 51, 100), 24, "reserved"],
  [ip(203, 0, 113), 24, "reserved"],
  [ip(240), 4, "reserved"],
];

/** The number of a dotted address as `URL` writes it; null for anything else. */
export function parseIPv4(text: string): number | null {
  const match = DOTTED.exec(text);
  if (match === null) return null;
  const bytes = match.slice(1).map(Number);
  if (bytes.some((byte) => byte > 255)) return null;
  return ip(bytes[0] ?? 0, bytes[1], bytes[2], bytes[3]);
}

/** Why an IPv4 address is no public one; null when it is. */
export function categoryOfIPv4(address: number): AddressCategory | null {
  for (const [network, length, category] of RANGES) {
    if ((address ^ network) >>> (32 - length) === 0) return category;
  }
  return null;
}
