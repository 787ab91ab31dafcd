import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A key with a certificate that says whose it is, as an identity provider signs with. */
export interface Signer {
  privateKey: KeyObject;
  /** PEM */
  certificate: string;
}

/** Makes one: RSA of so many bits, or on the curve P-256. */
export function makeSigner(kind: "rsa" | "ec" = "rsa", bits = 2048): Signer {
  const { privateKey, publicKey } =
    kind === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: bits })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(kind === "rsa" ? [oid("2a864886f70d01010b"), der(0x05)] : [oid("2a8648ce3d040302")]);
  const name = sequence([der(0x31, sequence([oid("550403"), der(0x0c, Buffer.from("test"))]))]);
  const time = (text: string): Buffer => der(0x17, Buffer.from(text));
  const body = sequence([
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence([time("200101000000Z"), time("490101000000Z")]),
    name,
    publicKey.export({ type: "spki", format: "der" }),
  ]);
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign("sha256", body, privateKey)]));
  const text = sequence([body, algorithm, signature]).toString("base64").replace(/.{64}/g, "$&\n");
  return { privateKey, certificate: `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n` };
}

/** One value of ASN.1, as DER writes it. */
function der(tag: number, content: Buffer = Buffer.alloc(0)): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (parts: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"));
