import { env as bound } from "cloudflare:test";
import { describe, expect, test } from "vitest";

import { platformErrorOf } from "../../../contracts/errors.ts";
import type { ControlPlaneEnv } from "../env.ts";
import { cloudflareMail, senderOf } from "./cloudflare.ts";
import { type MailDriver, MailRefusal } from "./driver.ts";
import { findMailDriver, hasMailbox, requireMail } from "./drivers.ts";
import { httpMail, retryAfterMs } from "./http.ts";

const LETTER = { id: "mal_1", to: "ada@example.com", subject: "Hello", text: "Text", html: "<p>Text</p>" };
const EMAIL = (bound as unknown as { EMAIL: SendEmail }).EMAIL;
const configured = (mail: Partial<ControlPlaneEnv>) => mail as ControlPlaneEnv;

async function refusalOf(driver: MailDriver): Promise<MailRefusal> {
  try {
    await driver.send(LETTER);
  } catch (error) {
    if (error instanceof MailRefusal) return error;
    throw error;
  }
  throw new Error("taken");
}

describe("the driver that is configured", () => {
  const http = { MAIL_DRIVER: "http", MAIL_API_URL: "https://api.example.com", MAIL_API_KEY: "k", MAIL_FROM: "a@b.c" };

  test.each<[string, Partial<ControlPlaneEnv>]>([
    ["mailbox", { MAIL_DRIVER: "mailbox" }],
    ["http", http],
    ["cloudflare", { MAIL_DRIVER: "cloudflare", MAIL_FROM: "a@b.c", EMAIL }],
  ])("%s is found", (_, mail) => {
    expect(findMailDriver(configured(mail))).not.toBeNull();
  });

  test.each<Partial<ControlPlaneEnv>>([
    {},
    { MAIL_DRIVER: "" },
    { MAIL_DRIVER: "constructor" },
    { ...http, MAIL_API_KEY: "" },
    { ...http, MAIL_FROM: "" },
    { MAIL_DRIVER: "cloudflare", MAIL_FROM: "a@b.c" },
  ])("%j is none, and what needs letters is refused with the next step", (mail) => {
    expect(findMailDriver(configured(mail))).toBeNull();
    expect(hasMailbox(configured(mail))).toBe(false);
    try {
      requireMail(configured(mail));
      expect.unreachable();
    } catch (error) {
      expect(platformErrorOf(error)).toMatchObject({
        code: "unavailable",
        message: expect.stringContaining("MAIL_DRIVER"),
      });
    }
  });
});

describe("the driver of a mail API", () => {
  const options = { url: "https://api.example.com/emails", key: "secret", from: "Isola <isola@example.com>" };
  const answering = (response: () => Response) => httpMail({ ...options, fetch: async () => response() });

  test.each([400, 413, 422])("takes %i for good", async (status) => {
    expect(await refusalOf(answering(() => new Response("no", { status })))).toMatchObject({ permanent: true });
  });

  test.each([301, 401, 403, 409, 429, 500, 503])("takes %i for now", async (status) => {
    expect(await refusalOf(answering(() => new Response("no", { status })))).toMatchObject({ permanent: false });
  });

  test("reads how long it should wait, in both forms", () => {
    const now = Date.parse("2026-01-01T00:00:00Z");
    expect(retryAfterMs("120", now)).toBe(120_000);
    expect(retryAfterMs("Thu, 01 Jan 2026 00:01:00 GMT", now)).toBe(60_000);
    expect(retryAfterMs("Wed, 31 Dec 2025 00:00:00 GMT", now)).toBe(0);
    expect([retryAfterMs("soon", now), retryAfterMs(null, now)]).toEqual([null, null]);
  });
});

describe("the driver of Cloudflare's binding", () => {
  test("sends by the real binding", async () => {
    await expect(cloudflareMail(EMAIL, "Isola <isola@example.com>").send(LETTER)).resolves.toBeUndefined();
  });

  test("gives a name and an address as the binding takes them", () => {
    expect(senderOf("Isola <isola@example.com>")).toEqual({ name: "Isola", email: "isola@example.com" });
    expect(senderOf('"Isola, the cloud" <i@example.com>')).toEqual({
      name: "Isola, the cloud",
      email: "i@example.com",
    });
    expect(senderOf("isola@example.com")).toBe("isola@example.com");
    expect(senderOf(" <isola@example.com>")).toBe("isola@example.com");
  });

  test.each([
    ["E_RECIPIENT_NOT_ALLOWED", true],
    ["E_RATE_LIMIT_EXCEEDED", false],
    ["", false],
  ])("takes %s for good: %s", async (code, permanent) => {
    const send = async () => Promise.reject(Object.assign(new Error("no"), code === "" ? {} : { code }));
    expect(await refusalOf(cloudflareMail({ send }, "isola@example.com"))).toMatchObject({ permanent });
  });
});
