import { PlatformError } from "../../contracts/errors.ts";
import { parseKeys } from "./keys.ts";

const FORMAT = "v1";
const IV_BYTES = 12;
const KEY_BYTES = 32;

/**
 * Seals texts by envelope encryption: each has an AES-256-GCM key of its own, and that key is wrapped, by AES-256-GCM
 * as well, with a versioned key of the platform. A sealed text is `v1.<key version>.<wrapped data key>.<data>`, the last
 * two in base 64 for URLs, each with its IV before it. Version and format are bound to the wrapped key, and the context
 * (what the text belongs to) to the data, so that nothing sealed is of use in another place.
 */
export class Keyring {
  readonly #keys: ReadonlyMap<number, Uint8Array<ArrayBuffer>>;
  /** Version of the key that seals. */
  readonly newest: number;

  /** Keys as `SECRETS_KEYS` has them; throws `internal` where they cannot be read, without a word of what they are. */
  constructor(keys: string) {
    this.#keys = parseKeys(keys);
    this.newest = Math.max(...this.#keys.keys());
  }

  async seal(text: string, context: string): Promise<string> {
    const dataKey = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    const data = await encrypt(dataKey, encode(text), context);
    return this.#sealed(dataKey, toBase64Url(data));
  }

  /** Throws `internal` for what was sealed elsewhere, was tampered with, or needs a key that is not there. */
  async open(sealed: string, context: string): Promise<string> {
    const { data } = parse(sealed);
    const opened = await decrypt(await this.#dataKeyOf(sealed), fromBase64Url(data), context);
    if (opened === null) throw broken();
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(opened);
  }

  /** Version of the key that the data key is wrapped by. */
  versionOf(sealed: string): number {
    return parse(sealed).version;
  }

  /** The same with its data key wrapped by the newest key; the data stay as they are. */
  async rewrap(sealed: string): Promise<string> {
    return this.#sealed(await this.#dataKeyOf(sealed), parse(sealed).data);
  }

  async #sealed(dataKey: Uint8Array<ArrayBuffer>, data: string): Promise<string> {
    const wrapped = await encrypt(this.#key(this.newest), dataKey, wrapContext(this.newest));
    return [FORMAT, this.newest, toBase64Url(wrapped), data].join(".");
  }

  async #dataKeyOf(sealed: string): Promise<Uint8Array<ArrayBuffer>> {
    const { version, wrapped } = parse(sealed);
    const dataKey = await decrypt(this.#key(version), fromBase64Url(wrapped), wrapContext(version));
    if (dataKey === null || dataKey.byteLength !== KEY_BYTES) throw broken();
    return dataKey;
  }

  #key(version: number): Uint8Array<ArrayBuffer> {
    const key = this.#keys.get(version);
    if (key !== undefined) return key;
    const there = [...this.#keys.keys()].join(", ");
    throw new PlatformError(
      "internal",
      `A secret needs version ${version} of the platform's keys, and SECRETS_KEYS has only ${there}. Put it back, and ask for all secrets to be wrapped anew before a key is taken out.`,
    );
  }
}

const wrapContext = (version: number): string => `${FORMAT}.${version}`;

function parse(sealed: string): { version: number; wrapped: string; data: string } {
  const [format, version, wrapped, data, ...rest] = sealed.split(".");
  if (format !== FORMAT || version === undefined || !/^[1-9][0-9]{0,8}$/.test(version)) throw broken();
  if (wrapped === undefined || data === undefined || rest.length > 0) throw broken();
  return { version: Number(version), wrapped, data };
}

/** IV and ciphertext with its tag. */
async function encrypt(
  key: Uint8Array<ArrayBuffer>,
  plain: Uint8Array<ArrayBuffer>,
  context: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const algorithm = { name: "AES-GCM", iv, additionalData: encode(context) };
  const cipher = await crypto.subtle.encrypt(algorithm, await imported(key), plain);
  const bytes = new Uint8Array(IV_BYTES + cipher.byteLength);
  bytes.set(iv);
  bytes.set(new Uint8Array(cipher), IV_BYTES);
  return bytes;
}

/** Null where anything was changed. */
async function decrypt(
  key: Uint8Array<ArrayBuffer>,
  bytes: Uint8Array<ArrayBuffer>,
  context: string,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const algorithm = { name: "AES-GCM", iv: bytes.slice(0, IV_BYTES), additionalData: encode(context) };
  const cryptoKey = await imported(key);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, cryptoKey, bytes.slice(IV_BYTES)));
  } catch {
    return null;
  }
}

const imported = (key: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);

const encode = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));

function toBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw broken();
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  } catch {
    throw broken();
  }
}

const broken = (): PlatformError =>
  new PlatformError("internal", "A secret cannot be opened: what is stored of it is not what was sealed. Set it anew.");
