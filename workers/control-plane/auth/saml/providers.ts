import * as z from "zod";

import { SAML_CERTIFICATES_MAX, SAML_PROVIDERS_MAX } from "../../../../contracts/limits.ts";
import { listReader, PROVIDER_NAMES, providersSchema, providerUrlSchema } from "../provider/configuration.ts";

const ONE_CERTIFICATE = /^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/;

const attributeName = z.string().min(1).max(1_000);

const providerSchema = z.strictObject({
  ...PROVIDER_NAMES,
  /** How the provider calls itself: the `Issuer` of what it answers. */
  entityId: z.string().min(1).max(1_000),
  /** Where it takes requests to sign in, by the binding HTTP-Redirect. */
  signOnUrl: providerUrlSchema,
  /** What it signs with, as PEM; the next one stands beside the old one until it is in use. */
  certificates: z
    .array(z.string().regex(ONE_CERTIFICATE, "must be one certificate as PEM"))
    .min(1)
    .max(SAML_CERTIFICATES_MAX),
  /** Names of the attributes that tell who somebody is; without them the `NameID` does, as far as its format lets it. */
  attributes: z
    .strictObject({
      subject: attributeName.optional(),
      email: attributeName.optional(),
      name: attributeName.optional(),
    })
    .default({}),
  /** The domains whose addresses the provider vouches for: SAML has no word for a verified address. */
  domains: z.array(z.string().trim().min(1).toLowerCase()).min(1),
  /** Whether everybody with an address in these domains may make an account. */
  newAccounts: z.boolean().default(true),
});

/** An identity provider, as `SAML_PROVIDERS` describes it. */
export type SamlProvider = z.output<typeof providerSchema>;

const read = listReader<SamlProvider>("SAML_PROVIDERS", providersSchema(providerSchema, SAML_PROVIDERS_MAX));

/** The identity providers of this platform that speak SAML. */
export const samlProvidersOf = ({ SAML_PROVIDERS: text }: { SAML_PROVIDERS?: string }): readonly SamlProvider[] =>
  read(text);
