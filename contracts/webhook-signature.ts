import { WEBHOOK_ID_LENGTH_MAX, WEBHOOK_SIGNATURES_LENGTH_MAX, WEBHOOK_SIGNATURES_MAX } from "./limits.ts";

/**
 * Signatures of inbound webhooks, and of machines' call-backs, as Standard Webhooks 1.0.0 has them: `webhook-signature`
 * lists some, by blanks, each `v1,<base 64 of HMAC-SHA256>` over `<webhook-id>.<webhook-timestamp>.<body>`.
 */

/** What the headers say; not yet proved by anything. */
export interface Claim {
  id: string;
  /** As it was sent: it is part of what was signed. */
  timestampText: string;
  /** Epoch milliseconds. */
  timestamp: number;
  /** Base 64, of version 1 only; others are left out, so that senders can bring newer ones beside. */
  signatures: string[];
}

export type Refused = { refused: "malformed" | "unauthenticated"; message: string };

/** Visible ASCII without `.`: with one in it, the same signed bytes could be read as another id, time and body. */
const ID = /^[!-\-/-~]+$/;
/** Seconds without leading zeros: one time has one spelling. */
const TIMESTAMP = /^[1-9][0-9]{0,10}$/;
/** 32 bytes. */
const SIGNATURE = /^[A-Za-z0-9+/]{43}=$/;

/** Reads the headers, whose names are in lower case. */
export function readClaim(headers: Readonly<Record<string, string>>): Claim | Refused {
  const [id, timestampText, list] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) =>
    Object.hasOwn(headers, name) ? headers[name] : undefined,
  );
  if (!id || !timestampText || !list) {
    return malformed("The headers webhook-id, webhook-timestamp and webhook-signature are needed.");
  }
  if (id.length > WEBHOOK_ID_LENGTH_MAX || !ID.test(id)) {
    return malformed(
      `webhook-id must be at most ${WEBHOOK_ID_LENGTH_MAX} visible ASCII characters, and none of them \`.\`.`,
    );
  }
  if (!TIMESTAMP.test(timestampText)) return malformed("webhook-timestamp must be whole seconds since 1970.");
  if (list.length > WEBHOOK_SIGNATURES_LENGTH_MAX) {
    return malformed(`webhook-signature must be at most ${WEBHOOK_SIGNATURES_LENGTH_MAX} characters.`);
  }
  const entries = list.split(" ").filter((entry) => entry !== "");
  if (entries.length > WEBHOOK_SIGNATURES_MAX) {
    return malformed(`webhook-signature may list at most ${WEBHOOK_SIGNATURES_MAX} signatures.`);
  }
  const signatures = entries
    .filter((entry) => entry.startsWith("v1,"))
    .map((entry) => entry.slice(3))
    .filter((signature) => SIGNATURE.test(signature));
  if (signatures.length === 0) return malformed("webhook-signature has no signature of the form `v1,<base 64>`.");
  return { id, timestampText, timestamp: Number(timestampText) * 1000, signatures };
}

export type SigningKey = Awaited<ReturnType<typeof signingKeyOf>>;

/** Makes a key of a signing secret, `whsec_<base 64>`. */
export async function signingKeyOf(secret: string) {
  const bytes = Uint8Array.from(atob(secret.replace(/^whsec_/, "")), (char) => char.charCodeAt(0));
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

/**
 * Whether one of the keys made one of the signatures, and not too long ago or ahead; null when all is well. What it
 * takes tells nothing of how near a signature was.
 */
export async function refusalOf(
  claim: Claim,
  body: Uint8Array,
  keys: readonly SigningKey[],
  when: { toleranceMs: number; now: number },
): Promise<Refused | null> {
  if (Math.abs(when.now - claim.timestamp) > when.toleranceMs) {
    return unauthenticated("webhook-timestamp is too far from now. Send the message anew with the time of sending.");
  }
  const head = new TextEncoder().encode(`${claim.id}.${claim.timestampText}.`);
  const signed = new Uint8Array(head.byteLength + body.byteLength);
  signed.set(head);
  signed.set(body, head.byteLength);
  const given = claim.signatures.map((signature) => new TextEncoder().encode(signature));
  let matches = 0;
  for (const key of keys) {
    const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, signed));
    const expected = new TextEncoder().encode(btoa(String.fromCharCode(...mac)));
    for (const signature of given) matches += isEqual(signature, expected) ? 1 : 0;
  }
  return matches > 0 ? null : unauthenticated("None of the signatures was made with the signing secret.");
}

/** Looks at every byte, wherever they differ: how long it takes tells only the length. */
function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.byteLength !== other.byteLength) return false;
  let difference = 0;
  for (const [place, byte] of one.entries()) difference |= byte ^ (other[place] ?? 0);
  return difference === 0;
}

const malformed = (message: string): Refused => ({ refused: "malformed", message });
const unauthenticated = (message: string): Refused => ({ refused: "unauthenticated", message });
