import { createLocalJWKSet, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";

import {
  demandsOf,
  HAND_OVER_ALGORITHM,
  HAND_OVER_TYPE,
  type HandOverClaims,
  handOverSchema,
  type JsonWebKeySet,
  TENANT_SESSION_TYPE,
  type TenantSessionClaims,
  tenantSessionSchema,
} from "../../../contracts/hand-over.ts";
import { PERSON_TOKEN_LENGTH_MAX } from "../../../contracts/limits.ts";
import type { Signer } from "./signing-keys.ts";

/** For whom a token must have been made, by whom, and with which keys. */
interface Demands {
  keys: JsonWebKeySet;
  issuer: string;
  audience: string;
}

/** Signs the claims of a hand-over. */
export const signHandOver = (claims: HandOverClaims, signer: Signer): Promise<string> =>
  sign(claims, HAND_OVER_TYPE, signer);

/** Signs the claims of a session. */
export const signTenantSession = (claims: TenantSessionClaims, signer: Signer): Promise<string> =>
  sign(claims, TENANT_SESSION_TYPE, signer);

/** The claims of a hand-over; null for a text that is none, or none that is good here and now. */
export async function readHandOver(token: unknown, demands: Demands): Promise<HandOverClaims | null> {
  const payload = await verify(token, HAND_OVER_TYPE, demands);
  return handOverSchema.safeParse(payload).data ?? null;
}

/** The claims of a session; null for a text that is none, or none that is good here and now. */
export async function readTenantSession(token: unknown, demands: Demands): Promise<TenantSessionClaims | null> {
  const payload = await verify(token, TENANT_SESSION_TYPE, demands);
  return tenantSessionSchema.safeParse(payload).data ?? null;
}

function sign(claims: JWTPayload, typ: string, { id, key }: Signer): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: HAND_OVER_ALGORITHM, typ, kid: id }).sign(key);
}

async function verify(
  token: unknown,
  typ: typeof HAND_OVER_TYPE | typeof TENANT_SESSION_TYPE,
  { keys, issuer, audience }: Demands,
): Promise<JWTPayload | null> {
  if (typeof token !== "string" || token.length > PERSON_TOKEN_LENGTH_MAX) return null;
  try {
    return (await jwtVerify(token, createLocalJWKSet(keys), demandsOf(typ, issuer, audience))).payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}
