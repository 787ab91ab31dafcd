import { type MailDriver, MailRefusal, type OutgoingLetter } from "./driver.ts";

/** What the binding refuses for good: the letter or its addresses, not the moment (its documentation lists the codes). */
const PERMANENT = new Set([
  "E_VALIDATION_ERROR",
  "E_FIELD_MISSING",
  "E_TOO_MANY_RECIPIENTS",
  "E_RECIPIENT_NOT_ALLOWED",
  "E_RECIPIENT_SUPPRESSED",
  "E_CONTENT_TOO_LARGE",
]);

/** Cloudflare's `send_email` binding, which puts the message together itself. */
export function cloudflareMail(binding: Pick<SendEmail, "send">, from: string): MailDriver {
  return {
    keepsText: false,
    send: async ({ to, subject, text, html }: OutgoingLetter) => {
      try {
        await binding.send({ from: senderOf(from), to, subject, text, html });
      } catch (error) {
        const { code, message } = error as { code?: unknown; message?: unknown };
        const name = typeof code === "string" ? code : "";
        throw new MailRefusal(`${name} ${String(message)}`.trim(), { permanent: PERMANENT.has(name) });
      }
    },
  };
}

/** Reads `Name <address>`, or an address alone, in the form in which the binding takes a sender. */
export function senderOf(text: string): string | EmailAddress {
  const [, name = "", email = ""] = /^\s*"?([^"<>]*?)"?\s*<([^<>\s]+)>\s*$/.exec(text) ?? [];
  return name === "" ? email || text.trim() : { name, email };
}
