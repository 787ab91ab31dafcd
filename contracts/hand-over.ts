import * as z from "zod";

import { idSchema } from "./ids.ts";
import { HAND_OVER_TTL_S, TENANT_SESSION_TTL_S, TOKEN_LEEWAY_S } from "./limits.ts";
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
  /** When the person came, in epoch seconds; a renewal leaves it and `exp` as they are. */
  iat: z.number().int(),
  exp: z.number().int(),
  jti: z.string().min(1).max(100),
  /** Id of the session at the control plane; when that ends, this ends. */
  sid: z.string().min(1).max(100),
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

const LIFE_S = { [HAND_OVER_TYPE]: HAND_OVER_TTL_S, [TENANT_SESSION_TYPE]: TENANT_SESSION_TTL_S } as const;

/** What both sides demand of a token besides its signature, as the options of `jwtVerify` of `jose`. */
export const demandsOf = (typ: keyof typeof LIFE_S, issuer: string, audience: string) => ({
  algorithms: [HAND_OVER_ALGORITHM],
  typ,
  issuer,
  audience,
  clockTolerance: TOKEN_LEEWAY_S,
  maxTokenAge: LIFE_S[typ],
  requiredClaims: Object.keys(claims),
});

/** Whom a script sees as `ctx.user`. */
export interface TenantUser {
  id: string;
  email: string;
  name: string;
  /** Role in the org; null for somebody of the platform. */
  role: (typeof ORG_ROLES)[number] | null;
}

/** The person that a session is of. */
export const userOf = ({ sub, email, name, role }: TenantSessionClaims): TenantUser => ({ id: sub, email, name, role });

const PERSON_COOKIE = "isola_person";

/** Name of the cookie that holds a session at a tenant's host; bound to the exact host where TLS lets it be. */
export const personCookieName = (secure: boolean): string => `${secure ? "__Host-" : ""}${PERSON_COOKIE}`;

/** What every name of that cookie holds; looking for it spares most `Cookie` headers the reading. */
export const PERSON_COOKIE_MARK = PERSON_COOKIE;

/** A set of public keys (RFC 7517). */
export interface JsonWebKeySet {
  keys: { kid: string; kty: string; crv: string; x: string; alg: string; use: string }[];
}

/** A session's token, and when it ends, in epoch milliseconds. */
export interface TenantSession {
  token: string;
  expiresAt: number;
}

/** Part of the directory's door: people at tenants' hosts. */
export interface HandOverDoor {
  /** The keys that are good now, and the next one; safe. */
  signingKeys(): Promise<JsonWebKeySet>;
  /** Spends a hand-over and answers a session's token. Throws `unauthenticated` for one that is not good (any more). */
  beginTenantSession(handOver: string, audience: string): Promise<TenantSession>;
  /** A fresh token for a session whose person may still be there; null when not; safe. */
  renewTenantSession(token: string, audience: string): Promise<TenantSession | null>;
  /** Ends a session before its time: it is never renewed again; safe. */
  endTenantSession(token: string, audience: string): Promise<void>;
}
