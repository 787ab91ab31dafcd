import { PlatformError } from "../../contracts/errors.ts";

const KEY_BYTES = 32;
const ENTRY = /^([1-9][0-9]{0,8}):([A-Za-z0-9+/]{43}=?)$/;

/**
 * Reads `SECRETS_KEYS`: `<version>:<32 bytes in base 64>`, several by commas. Throws `internal`, which says what is
 * wrong with which entry and nothing of the key.
 */
export function parseKeys(text: string): Map<number, Uint8Array<ArrayBuffer>> {
  const entries = (text ?? "").split(",").map((entry) => entry.trim());
  const keys = new Map<number, Uint8Array<ArrayBuffer>>();
  for (const [index, entry] of entries.entries()) {
    const [, version, base64] = ENTRY.exec(entry) ?? [];
    if (version === undefined || base64 === undefined) throw malformed(`its entry ${index + 1} is not of that form`);
    if (keys.has(Number(version))) throw malformed(`it has version ${version} twice`);
    const key = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    if (key.byteLength !== KEY_BYTES) throw malformed(`version ${version} has ${key.byteLength} bytes`);
    keys.set(Number(version), key);
  }
  return keys;
}

const malformed = (reason: string): PlatformError =>
  new PlatformError(
    "internal",
    `SECRETS_KEYS has to be <version>:<${KEY_BYTES} bytes in base 64>, several by commas, such as 1:$(openssl rand -base64 ${KEY_BYTES}); ${reason}.`,
  );
