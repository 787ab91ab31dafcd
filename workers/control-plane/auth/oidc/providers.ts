import * as z from "zod";

import { OIDC_PROVIDERS_MAX } from "../../../../contracts/limits.ts";
import type { ControlPlaneEnv } from "../../env.ts";
import {
  listReader,
  PROVIDER_NAMES,
  providersSchema,
  providerUrlSchema as endpoint,
} from "../provider/configuration.ts";

const publicKeys = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

const providerSchema = z
  .strictObject({
    ...PROVIDER_NAMES,
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

const read = listReader<Provider>("OIDC_PROVIDERS", providersSchema(providerSchema, OIDC_PROVIDERS_MAX));

/** The identity providers of this platform that speak OpenID Connect. */
export const providersOf = ({ OIDC_PROVIDERS: text }: ControlPlaneEnv): readonly Provider[] => read(text);
