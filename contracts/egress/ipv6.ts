import type { AddressCategory } from "./category.ts";
import { categoryOfIPv4 } from "./ipv4.ts";

/** Eight numbers of 16 bits. */
type Groups = readonly number[];
type Range = readonly [prefix: Groups, prefixLength: number, category: AddressCategory];

const GROUPS = 8;
/** The only part of the address space that is handed out for public use: 2000::/3. */
const PUBLIC: Range = [[0x2000], 3, "reserved"];

/** What is in that part and yet not the public internet, and what has a better name than "reserved" outside of it. */
const RANGES: readonly Range[] = [
  [[0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128, "metadata"],
  [[0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23], 128, "metadata"],
  [[0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128, "metadata"],
  [[0, 0, 0, 0, 0, 0, 0, 1], 128, "loopback"],
  [[0xfc00], 7, "private"],
  [[0xfec0], 10, "private"],
  [[0xfe80], 10, "link-local"],
  [[0xff00], 8, "multicast"],
  [[0x64, 0xff9b, 1], 48, "private"],
  // Protocol assignments: Teredo, benchmarks, ORCHID and the like.
  [[0x2001, 0], 23, "reserved"],
  [[0x2001, 0xdb8], 32, "reserved"],
  // 6to4 leads to an IPv4 address, by relays that are gone.
  [[0x2002], 16, "reserved"],
  [[0x3fff], 20, "reserved"],
];

/** Prefixes behind which an IPv4 address stands, with the groups that hold it. */
const EMBEDDINGS: readonly (readonly [prefix: Groups, prefixLength: number, at: number, inverted: boolean])[] = [
  // Mapped, compatible, translated (SIIT), NAT64.
  [[0, 0, 0, 0, 0, 0xffff], 96, 6, false],
  [[0, 0, 0, 0, 0, 0], 96, 6, false],
  [[0, 0, 0, 0, 0xffff, 0], 96, 6, false],
  [[0x64, 0xff9b, 0, 0, 0, 0], 96, 6, false],
  // 6to4; Teredo's server, and its client behind it.
  [[0x2002], 16, 1, false],
  [[0x2001, 0], 32, 2, false],
  [[0x2001, 0], 32, 6, true],
];

/** The groups of an address as `URL` writes it between brackets; null for anything else. */
export function parseIPv6(text: string): Groups | null {
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0) return null;
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const missing = GROUPS - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...before, ...Array.from({ length: missing }, () => 0), ...after];
  return groups.every((group) => group >= 0 && group <= 0xffff) ? groups : null;
}

/** Why an IPv6 address is no public one; null when it is. What leads to an IPv4 address is never taken for public. */
export function categoryOfIPv6(groups: Groups): AddressCategory | null {
  const named = RANGES.find((range) => isWithin(groups, range[0], range[1]))?.[2] ?? null;
  if (named !== null && named !== "reserved") return named;
  for (const [prefix, length, at, inverted] of EMBEDDINGS) {
    if (!isWithin(groups, prefix, length)) continue;
    const address = (((groups[at] ?? 0) << 16) | (groups[at + 1] ?? 0)) >>> 0;
    const category = categoryOfIPv4(inverted ? ~address >>> 0 : address);
    if (category !== null && category !== "reserved") return category;
  }
  return isWithin(groups, PUBLIC[0], PUBLIC[1]) ? named : "reserved";
}

function groupsOf(text: string): number[] {
  if (text === "") return [];
  return text.split(":").map((group) => (/^[0-9a-f]{1,4}$/i.test(group) ? Number.parseInt(group, 16) : -1));
}

function isWithin(groups: Groups, prefix: Groups, length: number): boolean {
  for (let bit = 0, index = 0; bit < length; bit += 16, index += 1) {
    const shift = Math.max(0, bit + 16 - length);
    if (((groups[index] ?? 0) ^ (prefix[index] ?? 0)) >>> shift !== 0) return false;
  }
  return true;
}
