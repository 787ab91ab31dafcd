import { importX509 } from "jose";

import { SAML_RSA_BITS_MIN } from "../../../../contracts/limits.ts";
import { ProviderFault } from "../provider/identity.ts";
import type { Signing } from "./algorithms.ts";

/**
 * Whether the holder of one of the certificates (PEM) signed a text. A certificate counts as the key that is in it: who
 * configured it vouches for it, so that its dates and its issuer say nothing.
 *
 * @throws ProviderFault when no certificate has a key for this way of signing.
 */
export async function isSignedBy(
  certificates: readonly string[],
  { name, parameters }: Signing,
  signature: Uint8Array<ArrayBuffer>,
  text: string,
): Promise<boolean> {
  const keys = (await Promise.all(certificates.map((certificate) => findKey(certificate, name)))).flat();
  if (keys.length === 0) throw new ProviderFault(`no certificate has a key of enough bits for ${name}`);
  const bytes = new TextEncoder().encode(text);
  for (const key of keys) if (await crypto.subtle.verify(parameters, key, signature, bytes)) return true;
  return false;
}

type PublicKey = Awaited<ReturnType<typeof importX509>>;

/** The key in a certificate, as a list that is empty where it is none for this way of signing. */
async function findKey(certificate: string, signing: string): Promise<PublicKey[]> {
  try {
    const key = await importX509(certificate, signing);
    const { modulusLength = SAML_RSA_BITS_MIN } = key.algorithm as { modulusLength?: number };
    return modulusLength < SAML_RSA_BITS_MIN ? [] : [key];
  } catch {
    return [];
  }
}
