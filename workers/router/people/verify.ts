import { type CryptoKey, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";

import {
  demandsOf,
  HAND_OVER_TYPE,
  type HandOverClaims,
  type HandOverDoor,
  handOverSchema,
  TENANT_SESSION_TYPE,
  type TenantSessionClaims,
  tenantSessionSchema,
} from "../../../contracts/hand-over.ts";
import { PERSON_TOKEN_LENGTH_MAX } from "../../../contracts/limits.ts";
import type { Place } from "./place.ts";
import { signingKeys } from "./signing-keys.ts";

/** The key that a token names, by the name it gives it. */
export interface NamedKey {
  kid: string;
  key: CryptoKey;
}

/** The control plane's key that a token says it is signed with; null where there is none of that name. */
export async function findKey(token: string, door: HandOverDoor): Promise<NamedKey | null> {
  const kid = token.length > PERSON_TOKEN_LENGTH_MAX ? null : kidOf(token);
  const key = kid === null ? null : await signingKeys.find(kid, door, Date.now());
  return key === null || kid === null ? null : { kid, key };
}

/** The claims of a hand-over to this place; null for a text that is none, or none that is good now. */
export async function checkHandOver(token: string, { key }: NamedKey, place: Place): Promise<HandOverClaims | null> {
  const claims = handOverSchema.safeParse(await check(token, HAND_OVER_TYPE, key, place)).data;
  return claims?.org === place.orgId ? claims : null;
}

/** The claims of a session at this place; null for a text that is none, or none that is good now. */
export async function checkSession(
  token: string,
  { key }: NamedKey,
  place: Place,
): Promise<TenantSessionClaims | null> {
  const claims = tenantSessionSchema.safeParse(await check(token, TENANT_SESSION_TYPE, key, place)).data;
  return claims?.org === place.orgId ? claims : null;
}

async function check(
  token: string,
  typ: typeof HAND_OVER_TYPE | typeof TENANT_SESSION_TYPE,
  key: CryptoKey,
  { issuer, origin }: Place,
): Promise<JWTPayload | null> {
  try {
    return (await jwtVerify(token, key, demandsOf(typ, issuer, origin))).payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

function kidOf(token: string): string | null {
  try {
    return decodeProtectedHeader(token).kid ?? null;
  } catch {
    return null;
  }
}
