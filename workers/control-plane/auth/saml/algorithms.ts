/** The vocabularies that are read. */
export const NAMESPACES = {
  assertion: "urn:oasis:names:tc:SAML:2.0:assertion",
  protocol: "urn:oasis:names:tc:SAML:2.0:protocol",
  metadata: "urn:oasis:names:tc:SAML:2.0:metadata",
  signature: "http://www.w3.org/2000/09/xmldsig#",
  exclusive: "http://www.w3.org/2001/10/xml-exc-c14n#",
} as const;

export const ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/** Hashes by their names in XML signatures. SHA-1 is none of them. */
export const DIGESTS: ReadonlyMap<string, string> = new Map([
  ["http://www.w3.org/2001/04/xmlenc#sha256", "SHA-256"],
  ["http://www.w3.org/2001/04/xmldsig-more#sha384", "SHA-384"],
  ["http://www.w3.org/2001/04/xmlenc#sha512", "SHA-512"],
]);

/** A way of signing: what jose calls it, and what WebCrypto wants to know besides the key. */
export interface Signing {
  name: string;
  parameters: { name: string; hash?: string; saltLength?: number };
}

const rsa = (name: string): Signing => ({ name, parameters: { name: "RSASSA-PKCS1-v1_5" } });
const ecdsa = (name: string, hash: string): Signing => ({ name, parameters: { name: "ECDSA", hash } });

/** Signatures that only the holder of a private key makes, by their names in XML signatures. No MAC, and nothing with SHA-1. */
export const SIGNINGS: ReadonlyMap<string, Signing> = new Map([
  ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", rsa("RS256")],
  ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", rsa("RS384")],
  ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", rsa("RS512")],
  [
    "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    { name: "PS256", parameters: { name: "RSA-PSS", saltLength: 32 } },
  ],
  ["http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", ecdsa("ES256", "SHA-256")],
  ["http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", ecdsa("ES384", "SHA-384")],
]);
