import { isDeeperThan, isLongerThan } from "../../../contracts/data/value.ts";
import type { WebhookMessage } from "../../../contracts/events/delivery.ts";
import { EVENT_BYTES_MAX, VALUE_DEPTH_MAX, WEBHOOK_HEADERS_LENGTH_MAX } from "../../../contracts/limits.ts";
import { carriesCredentials } from "../../../contracts/redact.ts";

const JSON_TYPE = /^[^;]*[/+]json\s*(?:;|$)/i;

/** The bytes that a message carries; null where they are not the base 64 they are said to be. */
export function bytesOf({ body, bodyEncoding }: WebhookMessage): Uint8Array | null {
  if (bodyEncoding === "utf8") return new TextEncoder().encode(body);
  try {
    return Uint8Array.from(atob(body), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}

/** Headers by their names in lower case. Of one that comes in several cases the last counts. */
export function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/**
 * JSON text of the event that a message is to its script. The body is the value where it is said to be JSON, is, and is
 * no deeper than values may be; else it is text, or, where it is no text, base 64, and `bodyEncoding` says so.
 *
 * @param headers by names in lower case; those that prove who somebody is are left out.
 */
export function webhookEventText(
  claim: { id: string; timestamp: number },
  headers: Readonly<Record<string, string>>,
  bytes: Uint8Array,
): string {
  const contentType = headers["content-type"] ?? "";
  const { body, bodyEncoding } = bodyText(contentType, bytes);
  const rest = {
    kind: "webhook",
    messageId: claim.id,
    timestamp: claim.timestamp,
    contentType: contentType.slice(0, 256),
    headers: shownHeaders(headers),
    ...(bodyEncoding === undefined ? {} : { bodyEncoding }),
  };
  // The text of the body is taken as it came: written anew it could lose digits.
  return `${JSON.stringify(rest).slice(0, -1)},"body":${body}}`;
}

function bodyText(contentType: string, bytes: Uint8Array): { body: string; bodyEncoding?: "base64" } {
  const text = textOf(bytes);
  if (text !== null) {
    if (JSON_TYPE.test(contentType) && isValue(text)) return { body: text };
    const quoted = JSON.stringify(text);
    if (!isLongerThan(quoted, EVENT_BYTES_MAX - 3 * WEBHOOK_HEADERS_LENGTH_MAX)) return { body: quoted };
  }
  return { body: JSON.stringify(base64Of(bytes)), bodyEncoding: "base64" };
}

function isValue(text: string): boolean {
  try {
    return !isDeeperThan(JSON.parse(text), VALUE_DEPTH_MAX);
  } catch {
    return false;
  }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function base64Of(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function shownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  let left = WEBHOOK_HEADERS_LENGTH_MAX;
  const shown = Object.entries(headers).filter(([name, value]) => {
    if (carriesCredentials(name) || name.length + value.length > left) return false;
    left -= name.length + value.length;
    return true;
  });
  return Object.fromEntries(shown);
}
