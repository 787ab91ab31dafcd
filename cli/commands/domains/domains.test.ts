import { describe, expect, it } from "vitest";

import { newId } from "../../../contracts/ids.ts";
import { AT } from "../../testing/things.ts";
import { page, workplace } from "../../testing/workplace.ts";

const aDomain = (hostname: string, state: "pending" | "active" = "pending") => ({
  id: newId("domain"),
  domain: hostname,
  hostname,
  state,
  records: {
    proof: { type: "TXT" as const, name: `_isola-challenge.${hostname}`, value: "isola-domain=abc" },
    target: { type: "CNAME" as const, name: hostname, value: "edge.example.net" },
  },
  problem: state === "active" ? null : "There is no TXT record yet.",
  checkedAt: AT,
  provedAt: state === "active" ? AT : null,
  expiresAt: state === "active" ? null : AT,
  certificate: {
    state: "pending" as const,
    problem: null,
    records: [{ type: "TXT" as const, name: `_acme-challenge.${hostname}`, value: "acme" }],
  },
  createdAt: AT,
});

describe("domains", () => {
  it("are claimed with the records that they need, to be copied", async () => {
    const { isola, plane } = await workplace({ claimDomain: ({ body }) => aDomain(body.domain.hostname) });
    const { out, err } = await isola(["domains", "claim", "shop.example.com"]);
    expect(out).toMatch(/^TXT +_isola-challenge\.shop\.example\.com +isola-domain=abc$/m);
    expect(out).toMatch(/^CNAME +shop\.example\.com +edge\.example\.net$/m);
    expect(out).toMatch(/^TXT +_acme-challenge\.shop\.example\.com +acme$/m);
    expect(err).toContain("isola domains verify shop.example.com --org hello");
    expect(plane.seen[0]?.body).toEqual({ domain: "shop.example.com" });
  });

  it("that are proved already answer at once", async () => {
    const { isola } = await workplace({ claimDomain: ({ body }) => aDomain(body.domain.hostname, "active") });
    expect((await isola(["domains", "claim", "shop.example.com"])).out).toBe("shop.example.com answers for hello.\n");
  });

  it("are verified, or not, with the reason", async () => {
    const { isola } = await workplace({ verifyDomain: ({ params }) => aDomain(params.hostname) });
    const refused = await isola(["domains", "verify", "shop.example.com"]);
    expect(refused).toMatchObject({ code: 1, out: "There is no TXT record yet.\n" });
  });

  it("are listed and shown", async () => {
    const { isola } = await workplace({
      listDomains: () => page([aDomain("*.example.com", "active"), aDomain("shop.example.com")]),
      getDomain: ({ params }) => aDomain(params.hostname),
    });
    const { out } = await isola(["domains", "list"]);
    expect(out).toMatch(/^\*\.example\.com +active +pending +2026-/m);
    expect((await isola(["domains", "get", "*.example.com"])).out).toMatch(/^problem +There is no TXT record yet\.$/m);
  });

  it("are released only when it is confirmed", async () => {
    const { isola, plane } = await workplace({ releaseDomain: () => undefined });
    expect((await isola(["domains", "release", "shop.example.com"])).code).toBe(2);
    expect(plane.seen).toEqual([]);
    expect((await isola(["domains", "release", "*.example.com", "--yes"])).out).toBe("*.example.com is released.\n");
    expect(plane.seen[0]?.path).toBe("/api/v1/orgs/hello/domains/*.example.com");
  });
});
