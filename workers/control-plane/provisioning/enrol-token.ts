import { ENROLMENT_TTL_MS } from "../../../contracts/limits.ts";
import { sha256Hex, toHex } from "../auth/hash.ts";

const TOKEN_BYTES = 32;
const PREFIX = "isola_enrol_";

/** A token by which a machine registers itself, once; the hash is what is stored of it. */
export async function makeEnrolmentToken(
  now: number,
): Promise<{ token: string; enrolmentHash: string; enrolmentExpiresAt: Date }> {
  const token = PREFIX + toHex(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));
  return { token, enrolmentHash: await sha256Hex(token), enrolmentExpiresAt: new Date(now + ENROLMENT_TTL_MS) };
}

/** The hash under which a token is stored; null for what no token looks like. */
export async function hashOfEnrolmentToken(token: string): Promise<string | null> {
  return /^isola_enrol_[0-9a-f]{64}$/.test(token) ? sha256Hex(token) : null;
}
