import { describe, expect, it } from "vitest";

import { egressMessage, type EgressCategory } from "./category.ts";
import { type EgressPolicy, judgeUrl } from "./judge.ts";
import { PLATFORM, REFUSED } from "./testing/refused.ts";

const POLICY: EgressPolicy = { ...PLATFORM, lists: { allow: [], deny: [] } };
const judge = (text: string, lists: Partial<EgressPolicy["lists"]> = {}): EgressCategory | null =>
  judgeUrl(text, { ...POLICY, lists: { ...POLICY.lists, ...lists } }).category;

describe("a URL is refused by its category", () => {
  const LISTS: Partial<Record<EgressCategory, Partial<EgressPolicy["lists"]>>> = {
    denied: { deny: ["deny.me", "*.deny.too"], allow: ["deny.me", "*.deny.too"] },
    "not-allowed": { allow: ["example.com"] },
  };

  for (const [category, urls] of Object.entries(REFUSED) as [EgressCategory, string[]][]) {
    it.each(urls)(`${category}: %s`, (url) => {
      expect(judge(url, LISTS[category])).toBe(category);
    });

    it(`${category}: and says what to do without naming the address`, () => {
      const message = egressMessage(category);
      expect(message).toContain(category);
      const hosts = urls.map((url) => URL.parse(url)?.hostname ?? "").filter((host) => /.[.:]./.test(host));
      for (const host of hosts) expect(message).not.toContain(host);
      expect(message.length).toBeGreaterThan(60);
    });
  }
});

describe("a public URL passes", () => {
  it.each([
    "https://example.com/",
    "http://example.com:8080/a?b#c",
    "https://sub_domain.example.com/",
    "https://bücher.example.com/",
    "https://example.com./",
    "https://xn--bcher-kva.de/",
    "https://1.1.1.1/",
    "http://134744072/",
    "http://8.8.8.8:3000/",
    "http://[2606:4700:4700::1111]/",
    "http://[2001:4860:4860::8888]:8443/",
    "http://11.0.0.1/",
    "http://172.15.0.1/",
    "http://172.32.0.1/",
    "http://100.63.0.1/",
    "http://100.128.0.1/",
    "http://169.253.1.1/",
    "http://126.1.1.1/",
    "http://128.0.0.1/",
    "http://223.255.255.255/",
    "https://127.0.0.1.example.com/",
    "https://localhost.example.com/",
    "https://mylocalhost.com/",
    "https://nottenants.example.net/",
    "https://example.net/",
    "https://a.b.c.d.e.f/",
  ])("%s", (url) => {
    expect(judge(url)).toBeNull();
  });

  it("as the very URL that was judged", () => {
    expect(judgeUrl("HTTPS:\\\\EXAMPLE.com.:443\\a b?c", POLICY).url?.href).toBe("https://example.com./a%20b?c");
  });
});

describe("an org's lists", () => {
  it("allow what they name and nothing else, once they name something", () => {
    const lists = { allow: ["example.com", "*.api.com", "1.1.1.1"] };
    expect(judge("https://example.com/", lists)).toBeNull();
    expect(judge("https://a.b.api.com/", lists)).toBeNull();
    expect(judge("https://16843009/", lists)).toBeNull();
    expect(judge("https://api.com/", lists)).toBe("not-allowed");
    expect(judge("https://www.example.com/", lists)).toBe("not-allowed");
    expect(judge("https://notapi.com/", lists)).toBe("not-allowed");
  });

  it("deny before they allow", () => {
    const lists = { allow: ["*.example.com"], deny: ["secret.example.com"] };
    expect(judge("https://open.example.com/", lists)).toBeNull();
    expect(judge("https://secret.example.com./", lists)).toBe("denied");
  });

  it("deny everything with a star", () => {
    expect(judge("https://example.com/", { deny: ["*"] })).toBe("denied");
  });

  it("cannot open what is closed to everybody", () => {
    expect(judge("http://127.0.0.1/", { allow: ["127.0.0.1", "*"] })).toBe("loopback");
  });
});
