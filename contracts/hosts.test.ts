import { describe, expect, it } from "vitest";

import { parseHost, slugOfHost } from "./hosts.ts";

describe("a host", () => {
  it.each([
    ["hello.localhost", "hello.localhost"],
    ["hello.localhost:8787", "hello.localhost"],
    ["HELLO.LocalHost", "hello.localhost"],
    ["hello.localhost.", "hello.localhost"],
    ["Hello.localhost.:80", "hello.localhost"],
    ["hello.localhost:", "hello.localhost"],
    ["localhost", "localhost"],
    ["127.0.0.1:8787", "127.0.0.1"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["a--b.c", "a--b.c"],
    [`${"a".repeat(63)}.b`, `${"a".repeat(63)}.b`],
    [`${"a.".repeat(126)}b`, `${"a.".repeat(126)}b`],
    [`${"a.".repeat(126)}b.:65535`, `${"a.".repeat(126)}b`],
  ])("%s is %s", (raw, hostname) => {
    expect(parseHost(raw)).toEqual({ hostname });
  });

  it.each([
    "",
    ".",
    ":",
    ":80",
    "..",
    "a..b",
    ".a",
    "a..",
    "hello.localhost:80:80",
    "hello.localhost:65536",
    "hello.localhost:-1",
    "hello.localhost:8e3",
    "hello.localhost:0x50",
    "hello.localhost: 80",
    " hello.localhost",
    "hello localhost",
    "hello.localhost\r\n",
    "hello.localhost\0",
    "user@hello.localhost",
    "user:password@hello.localhost",
    "hello.localhost:80@evil.test",
    "hello.localhost/x",
    "hello.localhost\\x",
    "hello.localhost?x",
    "hello.localhost#x",
    "hello%2Elocalhost",
    "hello,localhost",
    "bücher.example",
    "ＡＢＣ.example",
    "KELVIN.\u212Aelvin",
    "[::1]",
    "[::1]:8787",
    "::1",
    "-a.localhost",
    "a-.localhost",
    "a_b.localhost",
    "*.localhost",
    `${"a".repeat(64)}.b`,
    `${"a.".repeat(127)}b`,
    "a".repeat(1_000_000),
  ])("%j is none", (raw) => {
    expect(parseHost(raw)).toBeNull();
  });
});

describe("the slug of a host", () => {
  it.each([
    ["hello.localhost", "localhost", "hello"],
    ["hello.isola.example.com", "isola.example.com", "hello"],
    ["xn--bcher-kva.localhost", "localhost", "xn--bcher-kva"],
  ])("%s under %s is %s", (hostname, domain, slug) => {
    expect(slugOfHost(hostname, domain)).toBe(slug);
  });

  it.each([
    ["localhost", "localhost"],
    [".localhost", "localhost"],
    ["a.b.localhost", "localhost"],
    ["hellolocalhost", "localhost"],
    ["hello.localhost.evil.test", "localhost"],
    ["hello.evillocalhost", "localhost"],
    ["hello.otherhost", "localhost"],
    ["hello.xlocalhost", "localhost"],
    ["example.com", "isola.example.com"],
    ["hello.example.com", "isola.example.com"],
    ["", "localhost"],
  ])("%j under %s is none", (hostname, domain) => {
    expect(slugOfHost(hostname, domain)).toBeNull();
  });
});
