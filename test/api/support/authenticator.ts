import { createHash, randomBytes, type webcrypto } from "node:crypto";

import { ORIGIN } from "./core.ts";

/** What a browser hands over of a new credential, or of one that has signed. */
export interface CredentialJson {
  id: string;
  rawId: string;
  type: "public-key";
  clientExtensionResults: Record<string, never>;
  response: Record<string, unknown>;
}

/** How this authenticator departs from what it should do. */
export interface Deviations {
  origin?: string;
  challenge?: string;
  rpId?: string;
  /** Whether its user gave a finger, a face or a PIN; so unless said otherwise. */
  userVerified?: boolean;
  /** Signs as another credential of this authenticator, by its place. */
  as?: number;
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const WITH_CREDENTIAL = 0x40;
const RP_ID = new URL(ORIGIN).hostname;

interface Credential {
  id: Buffer;
  keys: webcrypto.CryptoKeyPair;
  counter: number;
}

/** A passkey authenticator in software (WebAuthn 3): P-256 keys, ES256 signatures, no attestation. */
export class Authenticator {
  readonly #credentials: Credential[] = [];

  /** Makes a credential, as `navigator.credentials.create()` does. */
  async create({ challenge }: { challenge: string }, deviations: Deviations = {}): Promise<CredentialJson> {
    const parameters = { name: "ECDSA", namedCurve: "P-256" };
    const keys = await crypto.subtle.generateKey(parameters, true, ["sign", "verify"]);
    const credential = { id: randomBytes(32), keys, counter: 0 };
    this.#credentials.push(credential);
    const data = Buffer.concat([
      authenticatorData(credential, deviations, WITH_CREDENTIAL),
      Buffer.alloc(16),
      Buffer.from([0, credential.id.length]),
      credential.id,
      await coseKey(keys.publicKey),
    ]);
    const attestation = map([
      [text("fmt"), text("none")],
      [text("attStmt"), map([])],
      [text("authData"), bytes(data)],
    ]);
    return json(credential, {
      clientDataJSON: clientData("webauthn.create", challenge, deviations).toString("base64url"),
      attestationObject: attestation.toString("base64url"),
      transports: ["internal"],
    });
  }

  /** Signs a challenge with the newest credential, as `navigator.credentials.get()` does. */
  async get({ challenge }: { challenge: string }, deviations: Deviations = {}): Promise<CredentialJson> {
    const credential = this.#credentials.at(deviations.as ?? -1);
    if (credential === undefined) throw new Error("there is no credential");
    credential.counter += 1;
    const data = authenticatorData(credential, deviations);
    const client = clientData("webauthn.get", challenge, deviations);
    const signed = Buffer.concat([data, createHash("sha256").update(client).digest()]);
    const algorithm = { name: "ECDSA", hash: "SHA-256" };
    const signature = Buffer.from(await crypto.subtle.sign(algorithm, credential.keys.privateKey, signed));
    return json(credential, {
      clientDataJSON: client.toString("base64url"),
      authenticatorData: data.toString("base64url"),
      signature: der(signature).toString("base64url"),
      userHandle: null,
    });
  }
}

function json({ id }: Credential, response: Record<string, unknown>): CredentialJson {
  const name = id.toString("base64url");
  return { id: name, rawId: name, type: "public-key", clientExtensionResults: {}, response };
}

function clientData(type: string, challenge: string, deviations: Deviations): Buffer {
  const { origin = ORIGIN } = deviations;
  return Buffer.from(
    JSON.stringify({ type, challenge: deviations.challenge ?? challenge, origin, crossOrigin: false }),
  );
}

function authenticatorData({ counter }: Credential, deviations: Deviations, flags = 0): Buffer {
  const { rpId = RP_ID, userVerified = true } = deviations;
  const head = Buffer.alloc(5);
  head.writeUInt8(USER_PRESENT | (userVerified ? USER_VERIFIED : 0) | flags);
  head.writeUInt32BE(counter, 1);
  return Buffer.concat([createHash("sha256").update(rpId).digest(), head]);
}

/** A public key as COSE writes it (RFC 9053, 7.1.1): an elliptic curve key for ES256 on P-256. */
async function coseKey(key: webcrypto.CryptoKey): Promise<Buffer> {
  const { x = "", y = "" } = await crypto.subtle.exportKey("jwk", key);
  return map([
    [integer(1), integer(2)],
    [integer(3), integer(-7)],
    [integer(-1), integer(1)],
    [integer(-2), bytes(Buffer.from(x, "base64url"))],
    [integer(-3), bytes(Buffer.from(y, "base64url"))],
  ]);
}

/** Two numbers of 32 bytes as the sequence of integers that WebAuthn wants (X.690). */
function der(signature: Buffer): Buffer {
  const numbers = [signature.subarray(0, 32), signature.subarray(32)].map((number) => {
    let start = 0;
    while (start < number.length - 1 && number[start] === 0) start += 1;
    const trimmed = number.subarray(start);
    const positive = (trimmed[0] ?? 0) < 0x80 ? trimmed : Buffer.concat([Buffer.from([0]), trimmed]);
    return Buffer.concat([Buffer.from([0x02, positive.length]), positive]);
  });
  const body = Buffer.concat(numbers);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

/** The head of a CBOR item (RFC 8949, 3): its kind, and a number under 65,536. */
function head(kind: number, value: number): Buffer {
  const first = kind << 5;
  if (value < 24) return Buffer.from([first | value]);
  if (value < 256) return Buffer.from([first | 24, value]);
  return Buffer.from([first | 25, value >> 8, value & 255]);
}
const integer = (value: number): Buffer => (value < 0 ? head(1, -1 - value) : head(0, value));
const bytes = (value: Buffer): Buffer => Buffer.concat([head(2, value.length), value]);
const text = (value: string): Buffer => Buffer.concat([head(3, value.length), Buffer.from(value)]);
const map = (pairs: [Buffer, Buffer][]): Buffer => Buffer.concat([head(5, pairs.length), ...pairs.flat()]);
