import { base64url } from "jose";

const NONCE_BYTES = 12;
/** What the key is for, so that no other use of the same secret gives the same key (RFC 5869, 3.2). */
const PURPOSE = "isola signing keys v1";

/**
 * Encrypts a text by AES-256-GCM under a key derived of the platform's secret by HKDF-SHA-256. `name` is bound to it:
 * under another name it does not open.
 *
 * @returns nonce and ciphertext in URL-safe base 64
 */
export async function seal(secret: string, name: string, text: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(cipher(iv, name), await keyOf(secret), bytesOf(text));
  const whole = new Uint8Array(NONCE_BYTES + sealed.byteLength);
  whole.set(iv);
  whole.set(new Uint8Array(sealed), NONCE_BYTES);
  return base64url.encode(whole);
}

/** What {@link seal} took; null where the secret or the name is another one, or somebody has been at it. */
export async function unseal(secret: string, name: string, sealed: string): Promise<string | null> {
  try {
    const whole = base64url.decode(sealed);
    const [iv, content] = [whole.slice(0, NONCE_BYTES), whole.slice(NONCE_BYTES)];
    return new TextDecoder().decode(await crypto.subtle.decrypt(cipher(iv, name), await keyOf(secret), content));
  } catch {
    return null;
  }
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const cipher = (iv: Uint8Array, name: string) => ({ name: "AES-GCM", iv, additionalData: bytesOf(name) });

async function keyOf(secret: string): Promise<CryptoKey> {
  const derive = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: bytesOf(PURPOSE) };
  const material = await crypto.subtle.importKey("raw", bytesOf(secret), "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(derive, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}
