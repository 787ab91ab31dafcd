import * as z from "zod";

import { idSchema } from "./ids.ts";
import { ORG_ROLES } from "./rights.ts";

/**
 * How a person who is signed in to the control plane becomes one whom a tenant's host knows. The control plane signs a
 * {@link HAND_OVER_TYPE hand-over}, good once and for a minute; the host takes it, and holds a
 * {@link TENANT_SESSION_TYPE session} in a cookie of its own after that. Both are JWTs (RFC 7519) signed with Ed25519
 * (RFC 8037), told apart by their `typ` (RFC 8725, 3.11), with the tenant's origin as audience and the control plane's as
 * issuer.
 */
export const HAND_OVER_TYPE = "isola-hand-over+jwt";
export const TENANT_SESSION_TYPE = "isola-session+jwt";
export const HAND_OVER_ALGORITHM = "EdDSA";

const claims = {
  /** Origin of the control plane. */
  iss: z.string(),
  /** Origin of the tenant. */
  aud: z.string(),
  /** The person. */
  sub: idSchema("user"),
  iat: z.number().int(),
  exp: z.number().int(),
  jti: z.string().min(1).max(100),
  /** Id of the org. */
  org: idSchema("org"),
  /** Null for somebody of the platform who has no part in the org itself. */
  role: z.enum(ORG_ROLES).nullable(),
  email: z.string(),
  name: z.string(),
};

export const handOverSchema = z.object(claims);
export type HandOverClaims = z.infer<typeof handOverSchema>;

/** A session says besides until when the host believes it without asking the control plane, in epoch seconds. */
export const tenantSessionSchema = z.object({ ...claims, fresh: z.number().int() });
export type TenantSessionClaims = z.infer<typeof tenantSessionSchema>;

/** Whom a script sees as `ctx.user`. */
export interface TenantUser {
  id: string;
  email: string;
  name: string;
  /** Role in the org; null for somebody of the platform. */
  role: (typeof ORG_ROLES)[number] | null;
}

/** A set of public keys (RFC 7517). */
export interface JsonWebKeySet {
  keys: { kid: string; kty: string; crv: string; x: string; alg: string; use: string }[];
}

/** Part of the directory's door: people at tenants' hosts. */
export interface HandOverDoor {
  /** The keys that are good now, and the next one; safe. */
  signingKeys(): Promise<JsonWebKeySet>;
  /** Spends a hand-over and answers a session's token. Throws `unauthenticated` for one that is not good (any more). */
  beginTenantSession(handOver: string, audience: string): Promise<{ token: string; expiresAt: number }>;
  /** A fresh token for a session whose person may still be there; null when not; safe. */
  renewTenantSession(token: string, audience: string): Promise<{ token: string; expiresAt: number } | null>;
}
