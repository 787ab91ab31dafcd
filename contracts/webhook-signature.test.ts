import * as fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";

import { WEBHOOK_ID_LENGTH_MAX, WEBHOOK_SIGNATURES_LENGTH_MAX, WEBHOOK_SIGNATURES_MAX } from "./limits.ts";
import { readClaim, refusalOf, signingKeyOf } from "./webhook-signature.ts";

/** The example that every library of Standard Webhooks is tested with. */
const PUBLISHED = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestamp: "1614265330",
  body: '{"test": 2432232314}',
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const SENT_AT = Number(PUBLISHED.timestamp) * 1000;
const OTHER_SIGNATURE = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
const OTHER_SECRET = `whsec_${btoa("another secret of 24 byte")}`;

const headersWith = (more: Record<string, string> = {}) => ({
  "webhook-id": PUBLISHED.id,
  "webhook-timestamp": PUBLISHED.timestamp,
  "webhook-signature": PUBLISHED.signature,
  ...more,
});

interface Trial {
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  secrets?: string[];
  now?: number;
}

/** What a message comes to; `accepted` when all is well. */
async function judged({
  headers = headersWith(),
  body = PUBLISHED.body,
  secrets = [PUBLISHED.secret],
  now = SENT_AT,
}: Trial) {
  const claim = readClaim(headers);
  if ("refused" in claim) return claim.refused;
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const keys = await Promise.all(secrets.map(signingKeyOf));
  return (await refusalOf(claim, bytes, keys, { toleranceMs: 300_000, now }))?.refused ?? "accepted";
}

describe("a signed message", () => {
  it("is accepted as published", async () => {
    expect(await judged({})).toBe("accepted");
  });

  it("is accepted where one of several signatures is right, in whatever place", async () => {
    for (const list of [
      `${OTHER_SIGNATURE} ${PUBLISHED.signature}`,
      `${PUBLISHED.signature} ${OTHER_SIGNATURE}`,
      `v1a,abc v2,${"A".repeat(43)}=   ${PUBLISHED.signature} nonsense`,
    ]) {
      expect(await judged({ headers: headersWith({ "webhook-signature": list }) })).toBe("accepted");
    }
  });

  it("is accepted by either secret while one is being replaced", async () => {
    expect(await judged({ secrets: [OTHER_SECRET, PUBLISHED.secret] })).toBe("accepted");
    expect(await judged({ secrets: [PUBLISHED.secret, OTHER_SECRET] })).toBe("accepted");
  });

  it("is refused by another secret, or by none", async () => {
    expect(await judged({ secrets: [OTHER_SECRET] })).toBe("unauthenticated");
    expect(await judged({ secrets: [] })).toBe("unauthenticated");
  });

  it("is refused when anything of what was signed is another", async () => {
    expect(await judged({ body: '{"test": 2432232315}' })).toBe("unauthenticated");
    expect(await judged({ body: `${PUBLISHED.body} ` })).toBe("unauthenticated");
    expect(await judged({ body: "" })).toBe("unauthenticated");
    expect(await judged({ headers: headersWith({ "webhook-id": `${PUBLISHED.id}x` }) })).toBe("unauthenticated");
    expect(await judged({ headers: headersWith({ "webhook-timestamp": "1614265331" }) })).toBe("unauthenticated");
    expect(await judged({ headers: headersWith({ "webhook-signature": OTHER_SIGNATURE }) })).toBe("unauthenticated");
  });

  it("is refused when it is older than the tolerance, or from the future, and accepted at its edge", async () => {
    expect(await judged({ now: SENT_AT + 300_001 })).toBe("unauthenticated");
    expect(await judged({ now: SENT_AT - 300_001 })).toBe("unauthenticated");
    expect(await judged({ now: SENT_AT + 300_000 })).toBe("accepted");
    expect(await judged({ now: SENT_AT - 300_000 })).toBe("accepted");
  });

  it("is accepted with a body of any bytes", async () => {
    const body = Uint8Array.from({ length: 1_000 }, (_, index) => (index * 7) % 256);
    const head = new TextEncoder().encode(`${PUBLISHED.id}.${PUBLISHED.timestamp}.`);
    const key = await crypto.subtle.importKey(
      "raw",
      Uint8Array.from(atob(PUBLISHED.secret.slice(6)), (char) => char.charCodeAt(0)),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const mac = await crypto.subtle.sign("HMAC", key, Uint8Array.from([...head, ...body]));
    const signature = `v1,${btoa(String.fromCharCode(...new Uint8Array(mac)))}`;
    const headers = headersWith({ "webhook-signature": signature });
    expect(await judged({ headers, body })).toBe("accepted");
    body[500] = (body[500] ?? 0) ^ 1;
    expect(await judged({ headers, body })).toBe("unauthenticated");
  });

  it("cannot be read as one with another id, though the signed bytes would be the same", async () => {
    const body = `${PUBLISHED.timestamp}.inner`;
    const signature = new Webhook(PUBLISHED.secret).sign("a", new Date(SENT_AT), body);
    const headers = headersWith({ "webhook-id": "a", "webhook-signature": signature });
    expect(await judged({ headers, body })).toBe("accepted");
    const split = { ...headers, "webhook-id": `a.${PUBLISHED.timestamp}` };
    expect(await judged({ headers: split, body: "inner" })).toBe("malformed");
  });
});

describe("headers are malformed", () => {
  it.each<[string, Record<string, string>]>([
    ["an empty id", { "webhook-id": "" }],
    ["an id with a blank", { "webhook-id": "a b" }],
    ["an id with a full stop", { "webhook-id": "a.b" }],
    ["an id with other than ASCII", { "webhook-id": "ä" }],
    ["an id with a line end", { "webhook-id": "a\n" }],
    ["a huge id", { "webhook-id": "a".repeat(WEBHOOK_ID_LENGTH_MAX + 1) }],
    ["a time that is no number", { "webhook-timestamp": "hello" }],
    ["a time with a fraction", { "webhook-timestamp": "1614265330.5" }],
    ["a time with a sign", { "webhook-timestamp": "+1614265330" }],
    ["a time with a zero before it", { "webhook-timestamp": "01614265330" }],
    ["a time in hexadecimal", { "webhook-timestamp": "0x60380000" }],
    ["a huge time", { "webhook-timestamp": "9".repeat(5_000) }],
    ["an empty signature", { "webhook-signature": "" }],
    ["a signature of no version", { "webhook-signature": PUBLISHED.signature.slice(3) }],
    ["a signature cut short", { "webhook-signature": PUBLISHED.signature.slice(0, 8) }],
    ["only a version", { "webhook-signature": "v1," }],
    ["only versions that are not known", { "webhook-signature": PUBLISHED.signature.replace("v1", "v2") }],
    ["a huge signature", { "webhook-signature": "a".repeat(WEBHOOK_SIGNATURES_LENGTH_MAX + 1) }],
    ["too many signatures", { "webhook-signature": "v1,x ".repeat(WEBHOOK_SIGNATURES_MAX + 1) }],
  ])("with %s", async (_, more) => {
    expect(await judged({ headers: headersWith(more) })).toBe("malformed");
  });

  it.each(["webhook-id", "webhook-timestamp", "webhook-signature"])("without %s", async (name) => {
    const headers = Object.fromEntries(Object.entries(headersWith()).filter(([each]) => each !== name));
    expect(await judged({ headers })).toBe("malformed");
  });

  it("when they are only inherited", async () => {
    expect(await judged({ headers: Object.create(headersWith()) as Record<string, string> })).toBe("malformed");
  });
});

describe("beside the library of Standard Webhooks", () => {
  it("what it signs is accepted, and what it refuses is refused", async () => {
    const letters = fc.string({
      unit: fc.constantFrom("a", "b", "Z", "0", "9", "_", "-"),
      minLength: 1,
      maxLength: 20,
    });
    const body = fc.oneof(
      fc.json(),
      fc.string({ unit: "binary", maxLength: 50 }).filter((text) => text.isWellFormed()),
    );
    const change = fc.constantFrom("none", "id", "timestamp", "body", "signature", "secret");
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        letters,
        body,
        change,
        fc.uint8Array({ minLength: 24, maxLength: 64 }),
        async (id, body, what, key) => {
          const secret = `whsec_${btoa(String.fromCharCode(...key))}`;
          const sentAt = Math.floor(Date.now() / 1000);
          const signature = new Webhook(secret).sign(id, new Date(sentAt * 1000), body);
          const headers = {
            "webhook-id": what === "id" ? `${id}x` : id,
            "webhook-timestamp": String(what === "timestamp" ? sentAt - 1 : sentAt),
            "webhook-signature": what === "signature" ? OTHER_SIGNATURE : signature,
          };
          const received = what === "body" ? `${body}x` : body;
          const secrets = [what === "secret" ? OTHER_SECRET : secret];
          const ours = await judged({ headers, body: received, secrets, now: sentAt * 1000 });
          expect(ours).toBe(what === "none" ? "accepted" : "unauthenticated");
          expect(peerAccepts(secrets[0] ?? "", received, headers)).toBe(ours === "accepted");
          outcomes.add(ours);
        },
      ),
      { numRuns: 300 },
    );
    expect([...outcomes].toSorted()).toEqual(["accepted", "unauthenticated"]);
  });

  it("nothing made up is accepted, and no header makes the reader fail", async () => {
    const value = fc.oneof(
      fc.string({ unit: "binary", maxLength: 80 }),
      fc.stringMatching(/^(v1,[A-Za-z0-9+/]{43}= ?){0,4}$/),
      fc.stringMatching(/^[0-9]{1,12}$/),
      fc.constantFrom(...Object.values(headersWith())),
    );
    const headers = fc.record(
      { "webhook-id": value, "webhook-timestamp": value, "webhook-signature": value },
      { requiredKeys: [] },
    );
    const isPublished = (made: object) => JSON.stringify(made) === JSON.stringify(headersWith());
    await fc.assert(
      fc.asyncProperty(headers, async (made) => {
        if (!isPublished(made)) expect(await judged({ headers: made })).not.toBe("accepted");
      }),
      { numRuns: 2_000 },
    );
  });
});

function peerAccepts(secret: string, body: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}
