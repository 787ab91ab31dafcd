import { describe, expect, test } from "vitest";

import { platformErrorOf } from "../../../contracts/errors.ts";
import { probe } from "./probe.ts";
import { addressOfMachine } from "./probe-address.ts";

const HOSTS = { PUBLIC_URL: "https://app.example.com", TENANT_URL: "https://{slug}.example.com" };

const internet = (answer: (url: string, init: RequestInit) => Promise<Response>) => {
  const asked: { url: string; init: RequestInit }[] = [];
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    asked.push({ url, init });
    return answer(url, init);
  };
  return { asked, env: { ...HOSTS, INTERNET: { fetch } as unknown as Fetcher } };
};
const PUBLIC = { origin: "https://machine.example.net", network: "public" } as const;

describe("a probe", () => {
  test("takes whatever is below 500 for an answer, a redirect too, and does not follow it", async () => {
    for (const status of [200, 204, 301, 401, 404, 499]) {
      const { env, asked } = internet(() =>
        Promise.resolve(new Response(null, { status, headers: { location: "/x" } })),
      );
      expect(await probe(env, PUBLIC, { healthPath: "/health" })).toEqual({ answers: true });
      expect(asked).toMatchObject([{ url: "https://machine.example.net/health", init: { redirect: "manual" } }]);
    }
  });

  test("says what a machine answers instead", async () => {
    const { env } = internet(() => Promise.resolve(new Response("no", { status: 503 })));
    expect(await probe(env, PUBLIC, { healthPath: "/" })).toEqual({ answers: false, reason: "It answers 503 at /." });
  });

  test("gives up on a machine that is silent, and on one that is not there", async () => {
    const late = internet(
      (_, { signal }) =>
        new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error))),
    );
    expect(await probe(late.env, PUBLIC, { healthPath: "/" }, 20)).toEqual({
      answers: false,
      reason: "It did not answer within 20 ms.",
    });
    const away = internet(() => Promise.reject(new Error("connect ECONNREFUSED 192.0.2.7:443")));
    expect(await probe(away.env, PUBLIC, { healthPath: "/" })).toEqual({
      answers: false,
      reason: "It cannot be reached.",
    });
  });

  test("of a public machine never goes to a private address or to the platform itself", async () => {
    for (const origin of ["http://127.0.0.1:80", "http://10.0.0.1", "http://[::1]", "https://app.example.com"]) {
      const { env, asked } = internet(() => Promise.resolve(new Response()));
      expect((await probe(env, { origin, network: "public" }, { healthPath: "/" })).answers).toBe(false);
      expect(asked).toEqual([]);
    }
  });
});

describe("the address of a machine of one's own", () => {
  const reasonOf = (url: string, more: { ALLOW_PRIVATE_MACHINES?: string } = {}): unknown => {
    try {
      return addressOfMachine({ ...HOSTS, ...more }, url);
    } catch (error) {
      return platformErrorOf(error)?.code;
    }
  };

  test("is public, and its origin alone", () => {
    expect(reasonOf("https://machine.example.net:8443/")).toEqual({
      origin: "https://machine.example.net:8443",
      network: "public",
    });
    for (const url of [
      "https://machine.example.net/path",
      "https://machine.example.net/?q",
      "https://m.example.net/#f",
    ])
      expect(reasonOf(url)).toBe("invalid");
  });

  test.each([
    "http://127.0.0.1:8080",
    "http://localhost:8080",
    "http://10.1.2.3",
    "http://192.168.1.1",
    "http://169.254.169.254",
    "http://[::1]",
    "http://[::ffff:10.0.0.1]",
    "http://2130706433",
    "https://user:word@machine.example.net",
    "ftp://machine.example.net",
    "https://machine.example.net:25",
    "nonsense",
    "https://app.example.com",
    "https://shop.example.com",
  ])("is not %s", (url) => {
    expect(reasonOf(url)).toBe("invalid");
  });

  test("may be private where the platform's configuration says so, and still not the platform's or another kind", () => {
    const home = { ALLOW_PRIVATE_MACHINES: "1" };
    for (const origin of ["http://127.0.0.1:8080", "http://10.1.2.3", "http://localhost:3000"])
      expect(reasonOf(origin, home)).toEqual({ origin, network: "host" });
    for (const url of ["https://app.example.com", "http://169.254.169.254", "ftp://10.0.0.1", "http://a:b@10.0.0.1"])
      expect(reasonOf(url, home)).toBe("invalid");
  });
});
