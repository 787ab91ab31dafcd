import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { judgeUrl } from "./judge.ts";
import { parseEgressEntry } from "./list.ts";

const POLICY = { domain: "tenants.example.net", appHost: "app.example.net", lists: { allow: [], deny: [] } };
const judge = (host: string) => judgeUrl(`http://${host}/`, POLICY).category;

/** IANA's special-purpose IPv4 addresses as bit prefixes: another way to say what `ipv4.ts` says. */
const SPECIAL = (
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 " +
  "192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32"
)
  .split(" ")
  .map((cidr) => {
    const [address = "", length = ""] = cidr.split("/");
    return bitsOf(address.split(".").map(Number)).slice(0, Number(length));
  });

function bitsOf(bytes: number[]): string {
  return bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
}

const isSpecial = (bytes: number[]): boolean => SPECIAL.some((prefix) => bitsOf(bytes).startsWith(prefix));

const byte = fc.nat(255);
const anyBytes = fc.tuple(byte, byte, byte, byte);
/** An address in one of the special ranges. */
const specialBytes = fc.tuple(fc.constantFrom(...SPECIAL), fc.nat(0xffffffff)).map(([prefix, noise]) => {
  const bits = prefix + noise.toString(2).padStart(32, "0").slice(prefix.length);
  return [0, 8, 16, 24].map((at) => Number.parseInt(bits.slice(at, at + 8), 2));
});

/** How one number of an address can be written. */
const BASES: ((value: number) => string)[] = [
  (value) => `${value}`,
  (value) => `0${value.toString(8)}`,
  (value) => `000${value.toString(8)}`,
  (value) => `0x${value.toString(16)}`,
  (value) => `0X00${value.toString(16).toUpperCase()}`,
];
const DOTS = [".", "。", "．", "｡", "%2e", "%2E"];
/** How a text can be written so that `URL` reads the same. */
const DISGUISES: ((text: string) => string)[] = [
  (text) => text,
  (text) => text.replace(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  (text) => text.replace(/^[0-9]/, (digit) => `%3${digit}`),
  (text) => `${text}.`,
  (text) => text.replace(/^./, "$&\u00ad"),
];

/** One of the spellings of an IPv4 address. */
const spelling = (bytes: fc.Arbitrary<number[]>) =>
  fc
    .record({
      bytes,
      parts: fc.integer({ min: 1, max: 4 }),
      bases: fc.array(fc.constantFrom(...BASES), { minLength: 4, maxLength: 4 }),
      dot: fc.constantFrom(...DOTS),
      disguise: fc.constantFrom(...DISGUISES),
    })
    .map(({ bytes, parts, bases, dot, disguise }) => {
      const last = bytes.slice(parts - 1).reduce((sum, part) => sum * 256 + part, 0);
      const numbers = [...bytes.slice(0, parts - 1), last];
      const written = numbers.map((value, index) => bases[index]?.(value) ?? "").join("\n");
      return { bytes, text: disguise(written).replaceAll("\n", dot) };
    });

const hex = (value: number) => value.toString(16);
const pair = (bytes: number[], at: number) => hex((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0));
/** IPv6 spellings that carry an IPv4 address. */
const CARRIERS: ((bytes: number[]) => string)[] = [
  (b) => `[::ffff:${b.join(".")}]`,
  (b) => `[0:0:0:0:0:FFFF:${b.join(".")}]`,
  (b) => `[::${b.join(".")}]`,
  (b) => `[::ffff:0:${b.join(".")}]`,
  (b) => `[64:ff9b::${b.join(".")}]`,
  (b) => `[0064:FF9B:0:0:0:0:${pair(b, 0)}:${pair(b, 2)}]`,
  (b) => `[64:ff9b:1::${b.join(".")}]`,
  (b) => `[2002:${pair(b, 0)}:${pair(b, 2)}::1]`,
  (b) => `[2001:0:${pair(b, 0)}:${pair(b, 2)}::]`,
  (b) =>
    `[2001:0:808:808:0:0:${pair(
      b.map((byte) => 255 - byte),
      0,
    )}:${pair(
      b.map((byte) => 255 - byte),
      2,
    )}]`,
];

describe("whatever the spelling", () => {
  it("no special IPv4 address passes", () => {
    fc.assert(
      fc.property(spelling(specialBytes), ({ text }) => judge(text) !== null),
      { numRuns: 5_000 },
    );
  });

  it("an IPv4 address passes exactly when it is public", () => {
    fc.assert(
      fc.property(spelling(anyBytes), ({ bytes, text }) => (judge(text) === null) === !isSpecial(bytes)),
      { numRuns: 5_000 },
    );
  });

  it("no IPv6 address that leads to an IPv4 address passes, and it is named by what it leads to", () => {
    fc.assert(
      fc.property(specialBytes, fc.constantFrom(...CARRIERS), (bytes, carrier) => {
        const direct = judge(bytes.join("."));
        const carried = judge(carrier(bytes));
        return (
          carried !== null &&
          (carried === direct || direct === "reserved" || carried === "reserved" || carrier === CARRIERS[6])
        );
      }),
      { numRuns: 5_000 },
    );
  });

  it("an IPv6 address passes only from the part that is handed out", () => {
    const group = fc.nat(0xffff);
    fc.assert(
      fc.property(fc.tuple(group, group, group, group, group, group, group, group), (groups) => {
        const category = judge(`[${groups.map(hex).join(":")}]`);
        const first = groups[0];
        if (first < 0x2000 || first > 0x3fff) return category !== null;
        return first === 0x2001 || first === 0x2002 || first === 0x3fff || category === null;
      }),
      { numRuns: 3_000 },
    );
  });

  it("names that are public pass", () => {
    const label = fc.stringMatching(/^[a-z0-9_]([a-z0-9_-]{0,10}[a-z0-9])?$/);
    const name = fc.tuple(label, label, fc.constantFrom("com", "de", "dev", "io", "co.uk", "xn--p1ai"));
    fc.assert(
      fc.property(name, (labels) => {
        const host = labels.join(".");
        // What `URL` refuses (malformed punycode) is refused here, and what parses passes.
        return judge(host) === (URL.canParse(`http://${host}/`) ? null : "malformed");
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("whatever the text", () => {
  const hostile = fc.string({
    unit: fc.constantFrom(
      ...Array.from("01278xXfF.:[]/\\@#?%&*-_ \t\n\0aé。．０①\u00ad\u200b\ud800ﬀ"),
      "127",
      "0x7f",
      "::1",
      "::ffff:",
      "64:ff9b::",
      "169.254",
      "localhost",
      "%31",
      "http://",
      ".internal",
      "10.",
    ),
    maxLength: 12,
  });

  it("100,000 hosts are judged without an exception, and none that passes is an address of this machine's world", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const judgement = judgeUrl(`http://${text}/`, POLICY);
        if (judgement.url === null) return true;
        const host = judgement.url.hostname.replace(/\.$/, "");
        if (/^[0-9.]+$/.test(host)) return !isSpecial(host.split(".").map(Number));
        return host.startsWith("[")
          ? /^\[[23]/.test(host)
          : host.includes(".") && !/\.(?:localhost|internal)$/.test(host);
      }),
      { numRuns: 100_000 },
    );
  }, 60_000);

  it("a list's entry is parsed without an exception, and stays what it is when parsed again", () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom("allow", "deny"), (text, list) => {
        const parsed = parseEgressEntry(text, list);
        if (!parsed.ok) return parsed.reason.length > 0;
        const again = parseEgressEntry(parsed.entry, list);
        return again.ok && again.entry === parsed.entry;
      }),
      { numRuns: 20_000 },
    );
    expect(parseEgressEntry("example.com", "allow").ok).toBe(true);
  }, 30_000);
});
