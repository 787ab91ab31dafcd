import { expect, test } from "vitest";

import { addressKey } from "./address.ts";

test("an IPv4 address is counted by itself", () => {
  expect(addressKey("203.0.113.7")).toBe("203.0.113.7");
  expect(addressKey("203.0.113.8")).not.toBe(addressKey("203.0.113.7"));
});

test("all addresses of one IPv6 network are counted as one, however they are written", () => {
  const spellings = ["2001:db8:1:2::1", "2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:0db8:0001:0002:0:0:0:9"];
  expect(new Set(spellings.map(addressKey))).toEqual(new Set(["2001:db8:1:2"]));
  expect(addressKey("2001:db8:1:3::1")).toBe("2001:db8:1:3");
});

test("a text that is no address is bounded", () => {
  expect(addressKey(`:${"x".repeat(10_000)}`).length).toBe(45);
  expect(addressKey("y".repeat(10_000)).length).toBe(45);
});
