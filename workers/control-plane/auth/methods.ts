import type { Context } from "hono";

import { AUTH_PATH } from "../../../contracts/auth-endpoints.ts";
import { platformSettings } from "../database/schema.ts";
import type { AppTypes } from "../mount.ts";
import type { Scope } from "../scope.ts";
import { providersOf } from "./oidc/providers.ts";
import { samlProvidersOf } from "./saml/providers.ts";

/** The ways into an account that this platform offers. */
export interface SignInMethods {
  password: boolean;
  passkeys: boolean;
  /** Identity providers by protocol, in the order in which they are configured; a `POST` to `begin` begins. */
  providers: { id: string; name: string; begin: string }[];
  /** Whether anybody may make an account. */
  signUp: boolean;
}

/** Reads them. */
export async function findSignInMethods(scope: Scope): Promise<SignInMethods> {
  const [settings] = await scope.database.select({ signUp: platformSettings.signUp }).from(platformSettings);
  const listed = (kind: "oidc" | "saml", all: readonly { id: string; name: string }[]) =>
    all.map(({ id, name }) => ({ id, name, begin: `${AUTH_PATH}/${kind}/${id}` }));
  const providers = [...listed("oidc", providersOf(scope.env)), ...listed("saml", samlProvidersOf(scope.env))];
  return { password: true, passkeys: true, providers, signUp: settings?.signUp === "open" };
}

/** `GET /api/auth/methods` */
export async function methods(context: Context<AppTypes>): Promise<Response> {
  return context.json(await findSignInMethods(context.var.scope));
}
