import { describe, expect, it } from "vitest";

import { UNKNOWN_HOSTS_PER_MINUTE, UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS } from "../../../contracts/limits.ts";
import { UnknownHosts } from "./unknown-hosts.ts";

const START = 1_800_000_000_000;

const CLOUDFLARE = { PUBLIC_URL: "https://app.example.com" };
const ONE_COMPUTER = { PUBLIC_URL: "http://app.localhost:8787" };

const requestFrom = (address: string): Request =>
  new Request("http://guess.localhost/", { headers: { "cf-connecting-ip": address } });

function drain(hosts: UnknownHosts, next: (count: number) => Request, now = START, env = CLOUDFLARE): number {
  for (let count = 0; ; count++) if (hosts.refusal(next(count), env, now) !== null) return count;
}

describe("requests for hosts that are no org's", () => {
  it("are counted by address, and an IPv6 network is one address", () => {
    const hosts = new UnknownHosts();
    expect(drain(hosts, () => requestFrom("192.0.2.1"))).toBe(UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS);
    expect(hosts.refusal(requestFrom("192.0.2.2"), CLOUDFLARE, START)).toBeNull();
    expect(drain(hosts, (count) => requestFrom(`2001:db8:0:1::${count + 1}`))).toBe(
      UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS,
    );
    expect(hosts.refusal(requestFrom("2001:db8:0:2::1"), CLOUDFLARE, START)).toBeNull();
  });

  it("are counted together where anybody could write any address", () => {
    const hosts = new UnknownHosts();
    const made = drain(hosts, (count) => requestFrom(`192.0.2.${count % 256}`), START, ONE_COMPUTER);
    expect(made).toBe(UNKNOWN_HOSTS_PER_MINUTE);
  });

  it("come again at an even pace", () => {
    const hosts = new UnknownHosts();
    const next = (): Request => requestFrom("192.0.2.1");
    drain(hosts, next);
    expect(hosts.refusal(next(), CLOUDFLARE, START)).toMatchObject({
      code: "too_many_requests",
      details: { limit: UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS, retryAfterSeconds: 1, resetSeconds: 60 },
    });
    expect(drain(hosts, next, START + 5_000)).toBe((UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS * 5) / 60);
  });
});
