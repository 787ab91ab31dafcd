import { describe, expect, it } from "vitest";

import { EGRESS_LIST_LENGTH_MAX } from "../limits.ts";
import { egressListsSchema, parseEgressEntry } from "./list.ts";

describe("an entry of a list", () => {
  it.each([
    ["example.com", "example.com"],
    ["EXAMPLE.com.", "example.com"],
    ["*.Example.COM", "*.example.com"],
    ["*.dev", "*.dev"],
    ["bücher.de", "xn--bcher-kva.de"],
    ["*.ｅxample.com", "*.example.com"],
    ["my_host.example.com", "my_host.example.com"],
    ["1.1.1.1", "1.1.1.1"],
    ["0x01010101", "1.1.1.1"],
    ["[2606:4700:4700:0:0:0:0:1111]", "[2606:4700:4700::1111]"],
  ])("%s is kept as %s", (text, entry) => {
    expect(parseEgressEntry(text, "allow")).toEqual({ ok: true, entry });
    expect(parseEgressEntry(entry, "allow")).toEqual({ ok: true, entry });
  });

  it.each([
    ["", /no host name/],
    [".", /no host name/],
    ["*.", /no host name/],
    ["a..b", /no host name/],
    ["http://example.com", /without a scheme/],
    ["example.com/", /no path/],
    ["example.com/*", /no path/],
    ["a\\b.com", /no path/],
    ["user@example.com", /user name/],
    ["a b.com", /space/],
    ["a.com\n", /space/],
    ["a%2eb.com", /nothing else/],
    ["example.com:443", /without a port/],
    ["[2606::1]:80", /without a port/],
    ["2606:4700::1111", /brackets/],
    ["*", /empty allow list/],
    ["**.com", /first label/],
    ["a.*.com", /first label/],
    ["*a.com", /first label/],
    ["*.1.1.1.1", /is an address/],
    ["*.[2606::1]", /is an address/],
    ["localhost", /loopback/],
    ["*.localhost", /loopback/],
    ["*.local", /private/],
    ["10.0.0.1", /private/],
    ["2130706433", /loopback/],
    ["[::1]", /loopback/],
    ["169.254.169.254", /metadata/],
    ["intranet", /private/],
    ["[::", /./],
    ["a".repeat(300), /at most/],
  ])("%j is refused with a reason", (text, reason) => {
    const parsed = parseEgressEntry(text, "allow");
    expect(parsed.ok ? "" : parsed.reason).toMatch(reason);
  });

  it("may deny what no script reaches anyway, and everything at once", () => {
    expect(parseEgressEntry("10.0.0.1", "deny")).toEqual({ ok: true, entry: "10.0.0.1" });
    expect(parseEgressEntry("*", "deny")).toEqual({ ok: true, entry: "*" });
  });
});

describe("the lists of an org", () => {
  it("keep each entry once", () => {
    const parsed = egressListsSchema.parse({ allow: ["A.com", "a.com.", "b.com"], deny: [] });
    expect(parsed).toEqual({ allow: ["a.com", "b.com"], deny: [] });
  });

  it("are bounded, and say which entry is wrong", () => {
    const many = Array.from({ length: EGRESS_LIST_LENGTH_MAX + 1 }, (_, index) => `h${index}.com`);
    expect(egressListsSchema.safeParse({ allow: [], deny: many }).success).toBe(false);
    const wrong = egressListsSchema.safeParse({ allow: ["a.com", "b.com:1"], deny: [] });
    expect(wrong.error?.issues.map((issue) => issue.path.join("."))).toEqual(["allow.1"]);
  });
});
