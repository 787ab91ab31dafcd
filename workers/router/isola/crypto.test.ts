import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, it } from "vitest";

import { answerOf } from "../testing/answer.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

const SECRET = `whsec_${btoa("a key of thirty-two bytes or more")}`;

let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  tenant = await newTenant();
});

const answer = (names: string, body: string): Promise<unknown> => answerOf(tenant, names, body);

describe("hashes in a script", () => {
  it("are those of the standards", async () => {
    const result = await answer(
      "hash",
      `return [await hash.sha256("abc"), await hash.sha256(new Uint8Array([97, 98, 99])), await hash.hmac("key", "The quick brown fox jumps over the lazy dog")];`,
    );
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const fox = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
    expect(result).toEqual([abc, abc, fox]);
  });

  it("compare texts of any length", async () => {
    const calls = `await hash.equal("a", "a"), await hash.equal("a", "b"), await hash.equal("a", "ab"), await hash.equal("", "")`;
    expect(await answer("hash", `return [${calls}];`)).toEqual([true, false, false, true]);
    expect(await answer("hash", `return hash.equal("a", undefined);`)).toMatchObject({ 0: "invalid" });
  });

  it("make tokens that are never the same", async () => {
    const [one, other, short] = (await answer(
      "hash",
      `return [await hash.token(), await hash.token(), await hash.token(1)];`,
    )) as string[];
    expect(one).toMatch(/^[\w-]{43}$/);
    expect(one).not.toBe(other);
    expect(short).toMatch(/^[\w-]{2}$/);
    expect(await answer("hash", `return hash.token(0);`)).toMatchObject({ 0: "invalid" });
  });
});

describe("passwords in a script", () => {
  it("are stretched with a salt each, and known again", async () => {
    const result = await answer(
      "passwords",
      `const one = await passwords.hash("correct horse");
       const other = await passwords.hash("correct horse");
       return [one, one === other, await passwords.verify("correct horse", one), await passwords.verify("correct house", one)];`,
    );
    expect(result).toEqual([
      expect.stringMatching(/^pbkdf2-sha256\$100000\$[\w+/=]{24}\$[\w+/=]{44}$/),
      false,
      true,
      false,
    ]);
  });

  it("are derived as the standard says", async () => {
    const salt = new TextEncoder().encode("salt");
    const key = await crypto.subtle.importKey("raw", new TextEncoder().encode("password"), "PBKDF2", false, [
      "deriveBits",
    ]);
    const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: 1_000 }, key, 256);
    const stored = `pbkdf2-sha256$1000$${btoa("salt")}$${btoa(String.fromCharCode(...new Uint8Array(bits)))}`;
    expect(await answer("passwords", `return passwords.verify("password", ${JSON.stringify(stored)});`)).toBe(true);
  });

  it.each([
    "",
    "plain",
    "pbkdf2-sha256$100001$AAAA$AAAA",
    "bcrypt$10$AAAA$AAAA",
    "pbkdf2-sha256$1000$AAAA$AAAA",
    "pbkdf2-sha256$0$AAAA$AAAA",
  ])("are refused where %j is what was stored", async (stored) => {
    expect(await answer("passwords", `return passwords.verify("x", ${JSON.stringify(stored)});`)).toMatchObject({
      0: "invalid",
    });
  });
});

describe("webhooks in a script", () => {
  it("are signed as others verify them", async () => {
    const { headers, body } = (await answer("webhook", `return webhook.sign("${SECRET}", { order: "ü" });`)) as {
      headers: Record<string, string>;
      body: string;
    };
    expect(new Webhook(SECRET).verify(body, headers)).toEqual({ order: "ü" });
    expect(headers["content-type"]).toBe("application/json");
    expect(() => new Webhook(SECRET).verify(`${body} `, headers)).toThrow();
  });

  it("have the id and time that they are given", async () => {
    const signed = await answer(
      "webhook",
      `return webhook.sign("${SECRET}", "text", { id: "msg_1", timestamp: 1700000000 });`,
    );
    expect(signed).toEqual({
      body: "text",
      headers: {
        "content-type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": new Webhook(SECRET).sign("msg_1", new Date(1_700_000_000_000), "text"),
      },
    });
  });

  /** What a script makes of a message that the peer has signed. */
  async function verified(
    change: { at?: number; body?: string; secret?: string; signature?: string; options?: string } = {},
  ) {
    const at = new Date(Date.now() + (change.at ?? 0));
    const body = `{"n":1}`;
    const headers = {
      "Webhook-Id": "msg_1",
      "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
      "webhook-signature": change.signature ?? `v1,bm9uZQ== ${new Webhook(SECRET).sign("msg_1", at, body)}`,
    };
    const args = [change.secret ?? SECRET, headers, change.body ?? body].map((each) => JSON.stringify(each)).join(", ");
    return answer("webhook", `return webhook.verify(${args}, ${change.options ?? "{}"});`);
  }

  it("are verified as others sign them, by any of several secrets", async () => {
    const known = { id: "msg_1", timestamp: expect.any(Number), payload: { n: 1 } };
    expect(await verified()).toEqual(known);
    const both = `return webhook.verify(["${btoa("another key")}", "${SECRET}"], new Headers(signed.headers), signed.body)`;
    expect(
      await answer("webhook", `const signed = await webhook.sign("${SECRET}", "no json", { id: "msg_1" }); ${both};`),
    ).toEqual({
      ...known,
      payload: "no json",
    });
  });

  it.each([
    ["another body", { body: `{"n":2}` }],
    ["another secret", { secret: `whsec_${btoa("another key")}` }],
    ["an old one", { at: -310_000 }],
    ["one from the future", { at: 310_000 }],
    ["one older than is asked for", { at: -20_000, options: "{ toleranceSeconds: 10 }" }],
    ["a signature that is none", { signature: "v1,%%%" }],
    ["a signature of another kind", { signature: "v2,AAAA" }],
    ["no signature", { signature: "" }],
  ])("are refused: %s", async (_, change) => {
    expect(await verified(change)).toMatchObject({ 0: "unauthenticated" });
  });

  it("need a key that is one", async () => {
    expect(await answer("webhook", `return webhook.sign("whsec_", {});`)).toMatchObject({ 0: "invalid" });
    expect(await answer("webhook", `return webhook.sign("no base 64!", {});`)).toMatchObject({ 0: "invalid" });
  });
});

describe("checks in a script", () => {
  const GOOD = {
    email: ["a@b.co", "first.last+tag@sub.example.org"],
    url: ["https://example.com/a?b#c", "http://localhost:1"],
    uuid: ["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"],
    slug: ["a", "hello-world-2"],
    date: ["2024-02-29", "2026-12-31"],
  };
  const BAD = {
    email: ["", "a", "a@b", "a b@c.de", "a@-b.co", "a@b..co", `${"a".repeat(300)}@b.co`, null, ["a@b.co"]],
    url: ["", "example.com", "javascript:alert(1)", "ftp://a.b", 1, `https://a.b/${"a".repeat(3_000)}`],
    uuid: ["", "123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400g"],
    slug: ["", "-a", "a-", "a--b", "A", "ä", "a b"],
    date: ["2023-02-29", "2026-13-01", "2026-1-1", "2026-04-31", "0000-00-00", "2026-01-01T00:00:00Z", 20_260_101],
  };

  it("say yes to what is so, and no to all else", async () => {
    const each = (lists: object) =>
      `Object.fromEntries(Object.entries(${JSON.stringify(lists)}).map(([name, values]) => [name, values.filter((value) => check[name](value))]))`;
    expect(await answer("check", `return [${each(GOOD)}, ${each(BAD)}];`)).toEqual([
      GOOD,
      { email: [], url: [], uuid: [], slug: [], date: [] },
    ]);
  });

  it("take no longer for texts that are made to", async () => {
    const began = performance.now();
    const body = `const long = "a.".repeat(50_000); return [check.email(long + "@" + long), check.slug("a-".repeat(50_000)), check.url(long)];`;
    expect(await answer("check", body)).toEqual([false, false, false]);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
