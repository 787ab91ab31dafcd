import { createLocalJWKSet, createRemoteJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import * as z from "zod";

import { OIDC_ANSWER_BYTES_MAX, OIDC_CALL_MS } from "../../../../contracts/limits.ts";
import { type Identity, ProviderFault } from "../provider/identity.ts";
import type { Flow } from "./flow.ts";
import type { Provider } from "./providers.ts";

const tokensSchema = z.object({ access_token: z.string().optional(), id_token: z.string().optional() });
const claimsSchema = z.object({
  sub: z.string().min(1).max(255),
  email: z.email().max(254).optional().catch(undefined),
  // Some send it as text.
  email_verified: z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]).optional(),
  name: z.string().optional().catch(undefined),
});
type Claims = z.output<typeof claimsSchema>;

/** Signatures that only the holder of a private key makes. */
const ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"];
/** By how much the clocks of the two may differ, in seconds. */
const CLOCK_TOLERANCE_S = 60;

/**
 * Exchanges a code for who has signed in. Nothing that the provider gives for it is kept.
 *
 * @throws ProviderFault
 */
export async function identify(provider: Provider, flow: Flow, code: string, redirectUri: string): Promise<Identity> {
  const tokens = tokensSchema.safeParse(await exchange(provider, flow, code, redirectUri));
  if (!tokens.success) throw new ProviderFault("the token endpoint answered no tokens");
  const { id_token: idToken, access_token: accessToken } = tokens.data;
  const keys = keysOf(provider);
  const signed = keys === null ? null : await verifiedClaims(provider, keys, idToken, flow.nonce);
  const { userInfoUrl } = provider;
  if (userInfoUrl === undefined || (signed !== null && signed.email !== undefined)) {
    if (signed === null) throw new ProviderFault("nothing tells who has signed in");
    return identityOf(signed);
  }
  if (accessToken === undefined) throw new ProviderFault("there is no access token to ask who has signed in with");
  const told = claimsSchema.safeParse(await call(userInfoUrl, { headers: { authorization: `Bearer ${accessToken}` } }));
  if (!told.success) throw new ProviderFault("the user info is not readable");
  // OpenID Connect Core, 5.3.2: the answer may be about another person.
  if (signed !== null && told.data.sub !== signed.sub)
    throw new ProviderFault("the user info is about another subject");
  return identityOf(told.data);
}

function identityOf({ sub, email, email_verified: isVerified, name }: Claims): Identity {
  const address = isVerified === true && email !== undefined ? email.toLowerCase() : null;
  return { subject: sub, email: address, name: name ?? null };
}

async function exchange(provider: Provider, flow: Flow, code: string, redirectUri: string): Promise<unknown> {
  const { clientId, clientSecret, clientAuth, tokenUrl } = provider;
  const form = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri,
    code_verifier: flow.verifier,
  });
  const headers = new Headers({ accept: "application/json" });
  if (clientAuth === "basic") {
    // RFC 6749, 2.3.1: both are encoded as in a form before they are joined.
    const [id, secret] = [clientId, clientSecret].map((text) => new URLSearchParams({ "": text }).toString().slice(1));
    headers.set("authorization", `Basic ${btoa(`${id}:${secret}`)}`);
  } else {
    form.set("client_id", clientId);
    form.set("client_secret", clientSecret);
  }
  return call(tokenUrl, { method: "POST", headers, body: form });
}

async function verifiedClaims(
  { issuer, clientId }: Provider,
  keys: JWTVerifyGetKey,
  idToken: string | undefined,
  nonce: string,
): Promise<Claims> {
  if (idToken === undefined) throw new ProviderFault("there is no ID token");
  const payload = await payloadOf(idToken, keys, issuer, clientId);
  if (payload["nonce"] !== nonce) throw new ProviderFault("the ID token was made for another sign-in");
  const isForOthers = Array.isArray(payload.aud) && payload.aud.length > 1;
  if ((isForOthers || payload["azp"] !== undefined) && payload["azp"] !== clientId) {
    throw new ProviderFault("the ID token was made for another client");
  }
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success) throw new ProviderFault("the ID token is not readable");
  return claims.data;
}

async function payloadOf(
  idToken: string,
  keys: JWTVerifyGetKey,
  issuer: string,
  audience: string,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(idToken, keys, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ["exp", "iat", "sub"],
    });
    return payload;
  } catch (error) {
    throw new ProviderFault("the ID token is not good", { cause: error });
  }
}

/** Sets of keys by where they are; each is asked for again only when a key is missing in it, and every few minutes. */
const remoteKeys = new Map<string, JWTVerifyGetKey>();

function keysOf({ jwks, jwksUrl }: Provider): JWTVerifyGetKey | null {
  if (jwks !== undefined) return createLocalJWKSet(jwks);
  if (jwksUrl === undefined) return null;
  const known = remoteKeys.get(jwksUrl) ?? createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: OIDC_CALL_MS });
  remoteKeys.set(jwksUrl, known);
  return known;
}

async function call(url: string, init: RequestInit): Promise<unknown> {
  try {
    const response = await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(OIDC_CALL_MS) });
    if (!response.ok) throw new Error(`${response.status}`);
    return JSON.parse(await boundedText(response)) as unknown;
  } catch (error) {
    throw new ProviderFault(`${new URL(url).host} does not answer as it is to`, { cause: error });
  }
}

async function boundedText(response: Response): Promise<string> {
  let text = "";
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > OIDC_ANSWER_BYTES_MAX) throw new Error(`more than ${OIDC_ANSWER_BYTES_MAX} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
