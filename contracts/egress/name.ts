import { HOST_LENGTH_MAX } from "../limits.ts";
import type { AddressCategory } from "./category.ts";

const LABEL_LENGTH_MAX = 63;

/** Names under which clouds serve an instance its credentials. */
const METADATA_NAMES: ReadonlySet<string> = new Set([
  "metadata",
  "instance-data",
  "metadata.google.internal",
  "metadata.goog",
  "metadata.tencentyun.com",
  "metadata.platformequinix.com",
]);

/** Last labels that mean something else than the public internet (RFC 6761, 6762, 7686, 8375, 9476). */
const LOCAL_SUFFIXES: readonly (readonly [suffix: string, category: AddressCategory])[] = [
  ["localhost", "loopback"],
  ["localdomain", "loopback"],
  ["local", "private"],
  ["internal", "private"],
  ["home.arpa", "private"],
  ["intranet", "private"],
  ["private", "private"],
  ["corp", "private"],
  ["home", "private"],
  ["lan", "private"],
  ["test", "reserved"],
  ["example", "reserved"],
  ["invalid", "reserved"],
  ["onion", "reserved"],
  ["alt", "reserved"],
];

/** Whether a name can be looked up at all: no empty or overlong label. Takes it in lower case, without its last dot. */
export function isLookable(name: string): boolean {
  if (name === "" || name.length > HOST_LENGTH_MAX) return false;
  return name.split(".").every((label) => label !== "" && label.length <= LABEL_LENGTH_MAX);
}

/** Why a name means nothing on the public internet; null when it may. What it resolves to is the network's to judge. */
export function categoryOfName(name: string): AddressCategory | null {
  if (METADATA_NAMES.has(name)) return "metadata";
  for (const [suffix, category] of LOCAL_SUFFIXES) {
    if (name === suffix || name.endsWith(`.${suffix}`)) return category;
  }
  if (name.includes(".")) return null;
  // A name without a dot is completed by the machine's own search list.
  return name.startsWith("ip6-") ? "loopback" : "private";
}
