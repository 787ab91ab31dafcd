/** Hashes, passwords and signed webhooks for scripts, as source text, by what the runtime has. */
export const CRYPTO_SOURCE = String.raw`
import { IsolaError } from "./runtime.js";
import { invalid, isArray, numberOf, optionsOf, parse, stringify, textOf, wholeOf } from "./isola-values.js";

const { subtle } = crypto;
const digest = subtle.digest.bind(subtle);
const importKey = subtle.importKey.bind(subtle);
const signWith = subtle.sign.bind(subtle);
const verifyWith = subtle.verify.bind(subtle);
const deriveBits = subtle.deriveBits.bind(subtle);
const timingSafeEqual = subtle.timingSafeEqual.bind(subtle);
const randomBytes = crypto.getRandomValues.bind(crypto);
const textEncoder = new TextEncoder();
const encodeText = textEncoder.encode.bind(textEncoder);
const toBase64 = btoa;
const fromBase64 = atob;
const { isView } = ArrayBuffer;
const NativeArrayBuffer = ArrayBuffer;
const NativeBytes = Uint8Array;
const NativeHeaders = Headers;
const { fromCharCode } = String;
const { abs, floor } = Math;
const { now } = Date;

function bytesOf(value, name) {
  if (typeof value === "string") return encodeText(value);
  if (value instanceof NativeArrayBuffer) return new NativeBytes(value);
  if (isView(value)) return new NativeBytes(value.buffer, value.byteOffset, value.byteLength);
  throw invalid(name, "must be text or bytes");
}

function hex(buffer) {
  let text = "";
  for (const byte of new NativeBytes(buffer)) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}

function base64(buffer) {
  let text = "";
  for (const byte of new NativeBytes(buffer)) text += fromCharCode(byte);
  return toBase64(text);
}

// Null for what is no base 64.
function unbase64(text) {
  let decoded;
  try { decoded = fromBase64(text); } catch { return null; }
  const bytes = new NativeBytes(decoded.length);
  for (let i = 0; i < decoded.length; i++) bytes[i] = decoded.charCodeAt(i);
  return bytes;
}

const hmacKey = (bytes, use) => importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [use]);

export const hash = {
  async sha256(data) {
    return hex(await digest("SHA-256", bytesOf(data, "data")));
  },
  async hmac(key, data) {
    return hex(await signWith("HMAC", await hmacKey(bytesOf(key, "key"), "sign"), bytesOf(data, "data")));
  },
  // Of digests, so that neither length nor content shows in the time.
  async equal(a, b) {
    return timingSafeEqual(await digest("SHA-256", bytesOf(a, "a")), await digest("SHA-256", bytesOf(b, "b")));
  },
  async token(bytes = 32) {
    return base64(randomBytes(new NativeBytes(wholeOf(bytes, "bytes", 1, 1024)))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  },
};

// The most that the runtime lets PBKDF2 do in one go.
const ROUNDS = 100_000;
const KIND = "pbkdf2-sha256";

async function stretched(password, salt, iterations) {
  const key = await importKey("raw", encodeText(password), "PBKDF2", false, ["deriveBits"]);
  return deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, 256);
}

export const passwords = {
  async hash(password) {
    const salt = randomBytes(new NativeBytes(16));
    const made = await stretched(textOf(password, "password"), salt, ROUNDS);
    return [KIND, ROUNDS, base64(salt), base64(made)].join("$");
  },
  async verify(password, stored) {
    const [kind, rounds, salt, expected, ...rest] = textOf(stored, "stored").split("$");
    const iterations = +rounds;
    const saltBytes = salt === undefined ? null : unbase64(salt);
    const expectedBytes = expected === undefined ? null : unbase64(expected);
    if (kind !== KIND || rest.length > 0 || saltBytes === null || expectedBytes?.length !== 32 || !(iterations >= 1 && iterations <= ROUNDS)) {
      throw invalid("stored", "is not what passwords.hash made");
    }
    return timingSafeEqual(await stretched(textOf(password, "password"), saltBytes, iterations), expectedBytes);
  },
};

function signingKey(secret, use) {
  const text = textOf(secret, "secret");
  const bytes = unbase64(text.startsWith("whsec_") ? text.slice(6) : text);
  if (bytes === null || bytes.length === 0) throw invalid("secret", "must be the base 64 of a key, with or without whsec_ before it");
  return hmacKey(bytes, use);
}

const signedText = (id, timestamp, body) => encodeText(id + "." + timestamp + "." + body);
const refusal = (reason) => new IsolaError("unauthenticated", "This webhook is not to be trusted: " + reason + ".", {});

export const webhook = {
  async sign(secret, payload, options) {
    const { id = "msg_" + (await hash.token(16)), timestamp = floor(now() / 1000) } = optionsOf(options, ["id", "timestamp"]);
    const body = typeof payload === "string" ? payload : stringify(payload);
    if (body === undefined) throw invalid("payload", "must be text or JSON");
    if (textOf(id, "id").includes(".")) throw invalid("id", "must be without dots");
    const made = await signWith("HMAC", await signingKey(secret, "sign"), signedText(id, wholeOf(timestamp, "timestamp"), body));
    const headers = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp + "",
      "webhook-signature": "v1," + base64(made),
    };
    return { headers, body };
  },
  async verify(secret, headers, body, options) {
    const { toleranceSeconds = 300 } = optionsOf(options, ["toleranceSeconds"]);
    const given = new NativeHeaders(headers);
    const id = given.get("webhook-id");
    const stamp = given.get("webhook-timestamp");
    const signatures = given.get("webhook-signature");
    if (!id || !stamp || !signatures) throw refusal("webhook-id, webhook-timestamp or webhook-signature is missing");
    const timestamp = +stamp;
    if (!(abs(now() / 1000 - timestamp) <= numberOf(toleranceSeconds, "toleranceSeconds"))) throw refusal("it is too old, or from the future");
    const text = signedText(id, stamp, textOf(body, "body"));
    const keys = [];
    for (const each of isArray(secret) ? secret : [secret]) keys.push(await signingKey(each, "verify"));
    for (const signature of signatures.split(" ", 16)) {
      const bytes = signature.startsWith("v1,") ? unbase64(signature.slice(3)) : null;
      if (bytes === null) continue;
      for (const key of keys) if (await verifyWith("HMAC", key, bytes, text)) return { id, timestamp, payload: payloadOf(body) };
    }
    throw refusal("no signature fits");
  },
};

function payloadOf(body) {
  try { return parse(body); } catch { return body; }
}
`;
