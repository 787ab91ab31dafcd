import { networkInterfaces } from "node:os";

/**
 * What workerd's `public` lets through although it is no public address, or leads to one that is not: ranges of protocols
 * and examples, and those in which an IPv4 address stands. A script's URL is judged before; this is for what a name resolves to.
 */
const NEVER_PUBLIC = [
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "168.63.129.16/32",
  "::/96",
  "::ffff:0:0:0/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "5f00::/16",
  "fec0::/10",
];

/** Networks that no script reaches though they count as public: see above, and this computer's own addresses. */
export function unreachableNetworks(): string[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const networks = own.map(({ address, family }) => `${address.replace(/%.*$/, "")}/${family === "IPv6" ? 128 : 32}`);
  return [...new Set([...NEVER_PUBLIC, ...networks])];
}
