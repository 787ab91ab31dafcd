import { and, eq } from "drizzle-orm";
import type { Context } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import { base64url } from "jose";
import * as z from "zod";

import { OIDC_FLOW_TTL_S } from "../../../../contracts/limits.ts";
import { verification } from "../../database/schema.ts";
import { isSecure } from "../../env.ts";
import type { AppTypes } from "../../mount.ts";
import { sha256Hex } from "../hash.ts";
import { cookieName } from "../sign-in.ts";

/** What is remembered of a browser while it is at a provider. */
const flowSchema = z.object({
  provider: z.string(),
  /** Proves to the provider that who brings the code is who asked for it (RFC 7636). */
  verifier: z.string(),
  /** Comes back in the ID token, which was thus made for this flow. */
  nonce: z.string(),
  /** Path to go to then. */
  to: z.string(),
});
export type Flow = z.infer<typeof flowSchema>;

const random = (): string => base64url.encode(crypto.getRandomValues(new Uint8Array(32)));

const identifierOf = async (state: string): Promise<string> => `oidc:${await sha256Hex(state)}`;

/** Begins a flow: it is kept by the hash of its state, which only this browser gets. */
export async function beginFlow(
  context: Context<AppTypes>,
  provider: string,
  to: string,
): Promise<Flow & { state: string }> {
  const { scope } = context.var;
  const state = random();
  const flow = { provider, verifier: random(), nonce: random(), to };
  await scope.database.insert(verification).values({
    id: crypto.randomUUID(),
    identifier: await identifierOf(state),
    value: JSON.stringify(flow),
    expiresAt: new Date(Date.now() + OIDC_FLOW_TTL_S * 1_000),
  });
  await setSignedCookie(context, cookieName(scope.env, "oidc"), state, scope.env.AUTH_SECRET, {
    path: "/",
    httpOnly: true,
    // The way back begins at the provider's page.
    sameSite: "Lax",
    secure: isSecure(scope.env),
    maxAge: OIDC_FLOW_TTL_S,
  });
  return { ...flow, state };
}

/** Ends the flow of a state, once, and only for the browser that began it; null for every other. */
export async function endFlow(context: Context<AppTypes>, provider: string, state: string): Promise<Flow | null> {
  const { scope } = context.var;
  const name = cookieName(scope.env, "oidc");
  const own = await getSignedCookie(context, scope.env.AUTH_SECRET, name);
  deleteCookie(context, name, { path: "/", secure: isSecure(scope.env) });
  if (own !== state) return null;
  const [kept] = await scope.database
    .delete(verification)
    .where(and(eq(verification.identifier, await identifierOf(state))))
    .returning({ value: verification.value, expiresAt: verification.expiresAt });
  if (kept === undefined || kept.expiresAt.getTime() <= Date.now()) return null;
  const flow = flowSchema.parse(JSON.parse(kept.value));
  return flow.provider === provider ? flow : null;
}

/** Where a browser is sent to sign in at a provider (OpenID Connect Core, 3.1.2.1; PKCE by RFC 7636). */
export async function authorizationUrl(
  provider: { authorizationUrl: string; clientId: string; scopes: readonly string[] },
  redirectUri: string,
  { state, nonce, verifier }: Flow & { state: string },
): Promise<string> {
  const url = new URL(provider.authorizationUrl);
  const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const parameters = {
    response_type: "code",
    client_id: provider.clientId,
    redirect_uri: redirectUri,
    scope: provider.scopes.join(" "),
    state,
    nonce,
    code_challenge: base64url.encode(new Uint8Array(challenge)),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}
