import { CAPABILITIES, type Scope, scopesAllow } from "../../../contracts/rights.ts";
import { sha256Hex, toHex } from "./hash.ts";

const MARK = "isola_";
const SECRET_BYTES = 32;
const PREFIX_LENGTH = MARK.length + 8;
const FORM = /^isola_[0-9a-f]{64}$/;

/** A new API key: 32 random bytes behind `isola_`, what to recognise it by, and the hash to store. */
export async function makeKey(): Promise<{ key: string; prefix: string; hash: string }> {
  const key = MARK + toHex(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
  return { key, ...(await keyParts(key)) };
}

/** What a key is looked up by; null for a text that cannot be a key. */
export async function readKey(text: string): Promise<{ prefix: string; hash: string } | null> {
  return FORM.test(text) ? keyParts(text) : null;
}

async function keyParts(key: string): Promise<{ prefix: string; hash: string }> {
  return { prefix: key.slice(0, PREFIX_LENGTH), hash: await sha256Hex(key) };
}

/** The scopes among `wanted` that a holder of `held` may not hand on, for they allow more than it may do. */
export function scopesBeyond(held: readonly Scope[], wanted: readonly Scope[]): Scope[] {
  if (held.includes("*")) return [];
  // `*` grows with the platform, so that only `*` itself covers it.
  return wanted.filter(
    (scope) =>
      scope === "*" ||
      CAPABILITIES.some((capability) => scopesAllow([scope], capability) && !scopesAllow(held, capability)),
  );
}
