import * as z from "zod";

import { OIDC_PROVIDERS_MAX, TEXT_LENGTH_MAX } from "../../../../contracts/limits.ts";
import type { ControlPlaneEnv } from "../../env.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

const endpoint = z.url().refine((text) => {
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && LOOPBACK.has(hostname));
}, "must be https, or http on this computer");

const publicKeys = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

const providerSchema = z
  .strictObject({
    /** Stands in the way back here, so that changing it changes what the provider is to allow. */
    id: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/),
    /** As the button on the sign-in page says it. */
    name: z.string().trim().min(1).max(TEXT_LENGTH_MAX),
    clientId: z.string().min(1),
    clientSecret: z.string().min(1),
    /** How the token endpoint takes them: HTTP Basic, or in the form (OpenID Connect Core, section 9). */
    clientAuth: z.enum(["basic", "post"]).default("basic"),
    issuer: z.string().min(1),
    authorizationUrl: endpoint,
    tokenUrl: endpoint,
    /** Public keys that ID tokens are signed with: the set itself, or where it is. Without either, `userInfoUrl` tells who signs in. */
    jwks: publicKeys.optional(),
    jwksUrl: endpoint.optional(),
    userInfoUrl: endpoint.optional(),
    scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/)).default(["openid", "email", "profile"]),
    /** Everybody with a verified address in one of these domains may make an account. */
    domains: z.array(z.string().toLowerCase()).default([]),
  })
  .refine(({ jwks, jwksUrl, userInfoUrl }) => (jwks ?? jwksUrl ?? userInfoUrl) !== undefined, {
    message: "needs jwks, jwksUrl or userInfoUrl",
  });

/** An identity provider, as `OIDC_PROVIDERS` describes it. */
export type Provider = z.output<typeof providerSchema>;

/** The variable `OIDC_PROVIDERS`: JSON text of the list of identity providers. */
const providersSchema = z
  .array(providerSchema)
  .max(OIDC_PROVIDERS_MAX)
  .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, "has two providers with the same id");

let known: { text: string; providers: readonly Provider[] } | null = null;

/** The identity providers of this platform. A list that cannot be read is none, and said in the log. */
export function providersOf({ OIDC_PROVIDERS: text }: ControlPlaneEnv): readonly Provider[] {
  if (text === undefined || text === "") return [];
  if (known?.text !== text) known = { text, providers: read(text) };
  return known.providers;
}

function read(text: string): readonly Provider[] {
  try {
    return providersSchema.parse(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : "it is no JSON";
    console.error(`OIDC_PROVIDERS is not valid, so that nobody can sign in by a provider: ${reason}`);
    return [];
  }
}
