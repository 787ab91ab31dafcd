import { MAIL_ERROR_LENGTH_MAX, MAIL_SEND_MS } from "../../../contracts/limits.ts";
import { type MailDriver, MailRefusal, type OutgoingLetter } from "./driver.ts";

/** Answers that speak of the letter itself; all others may be different next time (a key, a quota, an outage). */
const PERMANENT = new Set([400, 404, 405, 413, 415, 422]);

export interface HttpMailOptions {
  /** Such as `https://api.resend.com/emails`. */
  url: string;
  key: string;
  from: string;
  /** How long one attempt may take, in milliseconds. */
  timeoutMs?: number;
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/**
 * A transactional mail API in the form of Resend's `POST /emails` (https://resend.com/docs/api-reference/emails/send-email):
 * JSON with `from`, `to`, `subject`, `text` and `html`, a bearer key, and an `Idempotency-Key` by which a
 * repetition sends nothing twice.
 */
export function httpMail({ url, key, from, timeoutMs = MAIL_SEND_MS, fetch: ask }: HttpMailOptions): MailDriver {
  return {
    keepsText: false,
    send: async ({ id, to, subject, text, html }: OutgoingLetter) => {
      const response = await (ask ?? fetch)(url, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "idempotency-key": id },
        body: JSON.stringify({ from, to: [to], subject, text, html }),
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.ok) {
        await response.body?.cancel();
        return;
      }
      const said = (await response.text()).slice(0, MAIL_ERROR_LENGTH_MAX);
      throw new MailRefusal(`${response.status} ${said}`.trim(), {
        permanent: PERMANENT.has(response.status),
        retryAfterMs: retryAfterMs(response.headers.get("retry-after")),
      });
    },
  };
}

/** `Retry-After` of RFC 9110, section 10.2.3, in milliseconds: seconds, or a date. */
export function retryAfterMs(value: string | null, now = Date.now()): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
