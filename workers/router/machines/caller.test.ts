import { describe, expect, it } from "vitest";

import { callerOf } from "./caller.ts";

const plain = { PUBLIC_URL: "http://app.localhost", TENANT_URL: "http://{slug}.localhost" };
const secure = { PUBLIC_URL: "https://app.example.com", TENANT_URL: "https://{slug}.example.com" };

const requestFrom = (clientIp: unknown): Request =>
  Object.defineProperty(new Request("http://shop.localhost/", { headers: { "cf-connecting-ip": "6.6.6.6" } }), "cf", {
    value: { clientIp },
  });

describe("the address of a caller", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["192.0.2.7:5678", "192.0.2.7"],
    ["[2001:db8::7]:5678", "2001:db8::7"],
    ["2001:db8::7", "2001:db8::7"],
    ["::ffff:192.0.2.7", "::ffff:192.0.2.7"],
    ["unix:/tmp/socket", null],
    ["192.0.2.7, 6.6.6.6", null],
    [7, null],
    [undefined, null],
  ])("is read from a connection that is said to come from %j", (clientIp, address) => {
    expect(callerOf(requestFrom(clientIp), "shop.localhost", plain).address).toBe(address);
  });

  it("is Cloudflare's word where the platform is behind it, and nobody's elsewhere", () => {
    expect(callerOf(requestFrom("10.0.0.1"), "shop.example.com", secure).address).toBe("6.6.6.6");
    expect(callerOf(requestFrom(undefined), "shop.localhost", plain).address).toBeNull();
  });
});

describe("what was asked for", () => {
  it.each([
    ["shop.localhost:8787", plain, "http", "8787"],
    ["shop.localhost", plain, "http", "80"],
    ["shop.localhost:", plain, "http", "80"],
    ["shop.example.com", secure, "https", "443"],
  ] as const)("is told as it came: %s", (rawHost, env, protocol, port) => {
    expect(callerOf(requestFrom("1.2.3.4"), rawHost, env)).toMatchObject({ host: rawHost, protocol, port });
  });
});
