import { exportJWK, generateKeyPair, SignJWT } from "jose";

import {
  HAND_OVER_ALGORITHM,
  HAND_OVER_TYPE,
  type JsonWebKeySet,
  TENANT_SESSION_TYPE,
  type TenantSessionClaims,
} from "../../../contracts/hand-over.ts";
import { newId } from "../../../contracts/ids.ts";
import { HAND_OVER_TTL_S, TENANT_SESSION_FRESH_S, TENANT_SESSION_TTL_S } from "../../../contracts/limits.ts";

const ISSUER = "http://app.localhost";

/** A control plane's key in the hands of a test. */
export interface TestSigner {
  kid: string;
  keySet: JsonWebKeySet;
  handOver(claims: object): Promise<string>;
  session(claims: object): Promise<string>;
  /** Signs anything under any header. */
  sign(claims: object, header: object): Promise<string>;
}

export async function newSigner(kid: string): Promise<TestSigner> {
  const pair = await generateKeyPair(HAND_OVER_ALGORITHM, { crv: "Ed25519" });
  const { kty = "", crv = "", x = "" } = await exportJWK(pair.publicKey);
  const sign = (claims: object, header: object): Promise<string> =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: HAND_OVER_ALGORITHM, kid, ...header }).sign(pair.privateKey);
  return {
    kid,
    keySet: { keys: [{ kid, kty, crv, x, alg: HAND_OVER_ALGORITHM, use: "sig" }] },
    handOver: (claims) => sign(claims, { typ: HAND_OVER_TYPE }),
    session: (claims) => sign(claims, { typ: TENANT_SESSION_TYPE }),
    sign,
  };
}

/** Claims of a person at a tenant's host, as they are just after they came; `claims` replace some. */
export function claimsOf(
  tenant: { orgId: string; host: string },
  claims: Partial<TenantSessionClaims> = {},
): TenantSessionClaims {
  const iat = claims.iat ?? Math.floor(Date.now() / 1_000);
  return {
    iss: ISSUER,
    aud: `http://${tenant.host}`,
    sub: newId("user"),
    iat,
    exp: iat + TENANT_SESSION_TTL_S,
    fresh: iat + TENANT_SESSION_FRESH_S,
    jti: crypto.randomUUID(),
    sid: "session",
    org: tenant.orgId,
    role: "viewer",
    email: "ada@example.com",
    name: "Ada",
    ...claims,
  };
}

/** The same for a hand-over. */
export function handOverClaims(tenant: { orgId: string; host: string }, claims: Partial<TenantSessionClaims> = {}) {
  const { fresh: _, ...others } = claimsOf(tenant, claims);
  return { ...others, exp: claims.exp ?? others.iat + HAND_OVER_TTL_S };
}
