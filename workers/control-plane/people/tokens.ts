import { sha256Hex, toHex } from "../auth/hash.ts";
import type { ControlPlaneEnv } from "../env.ts";

const TOKEN_BYTES = 32;

/** What makes an invitation's link good: 32 random bytes, in hexadecimal, and the hash to store. */
export async function makeToken(): Promise<{ token: string; tokenHash: string }> {
  const token = toHex(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));
  return { token, tokenHash: await sha256Hex(token) };
}

/** The page that an invitation's letter leads to. */
export const invitationUrl = (env: ControlPlaneEnv, token: string): string =>
  new URL(`/invitation?token=${token}`, env.PUBLIC_URL).href;
