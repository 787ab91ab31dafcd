import { describe, expect, it } from "vitest";

import { UNKNOWN_HOSTS_PER_MINUTE, UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS } from "../../../contracts/limits.ts";
import { UnknownHosts } from "./unknown-hosts.ts";

const START = 1_800_000_000_000;

/** A request as Cloudflare passes it on, or as it comes anywhere else. */
function requestFrom(address: string, overCloudflare = true): Request {
  const cf = overCloudflare ? { cf: { colo: "ZRH" } } : {};
  return new Request("http://guess.localhost/", { headers: { "cf-connecting-ip": address }, ...cf });
}

function drain(hosts: UnknownHosts, next: (count: number) => Request, now = START): number {
  for (let count = 0; ; count++) if (hosts.refusal(next(count), now) !== null) return count;
}

describe("requests for hosts that are no org's", () => {
  it("are counted by address, and an IPv6 network is one address", () => {
    const hosts = new UnknownHosts();
    expect(drain(hosts, () => requestFrom("192.0.2.1"))).toBe(UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS);
    expect(hosts.refusal(requestFrom("192.0.2.2"), START)).toBeNull();
    expect(drain(hosts, (count) => requestFrom(`2001:db8:0:1::${count + 1}`))).toBe(
      UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS,
    );
    expect(hosts.refusal(requestFrom("2001:db8:0:2::1"), START)).toBeNull();
  });

  it("are counted together where anybody could write any address", () => {
    const hosts = new UnknownHosts();
    const made = drain(hosts, (count) => requestFrom(`192.0.2.${count % 256}`, false));
    expect(made).toBe(UNKNOWN_HOSTS_PER_MINUTE);
  });

  it("come again at an even pace", () => {
    const hosts = new UnknownHosts();
    const next = (): Request => requestFrom("192.0.2.1");
    drain(hosts, next);
    expect(hosts.refusal(next(), START)).toMatchObject({
      code: "too_many_requests",
      details: { limit: UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS, retryAfterSeconds: 1, resetSeconds: 60 },
    });
    expect(drain(hosts, next, START + 5_000)).toBe((UNKNOWN_HOSTS_PER_MINUTE_OF_ADDRESS * 5) / 60);
  });
});
