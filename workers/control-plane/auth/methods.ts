import type { Context } from "hono";

import { platformSettings } from "../database/schema.ts";
import type { AppTypes } from "../mount.ts";
import type { Scope } from "../scope.ts";
import { providersOf } from "./oidc/providers.ts";

/** The ways into an account that this platform offers. */
export interface SignInMethods {
  password: boolean;
  passkeys: boolean;
  /** Identity providers, in the order in which they are configured. */
  providers: { id: string; name: string }[];
  /** Whether anybody may make an account. */
  signUp: boolean;
}

/** Reads them. */
export async function findSignInMethods(scope: Scope): Promise<SignInMethods> {
  const [settings] = await scope.database.select({ signUp: platformSettings.signUp }).from(platformSettings);
  const providers = providersOf(scope.env).map(({ id, name }) => ({ id, name }));
  return { password: true, passkeys: true, providers, signUp: settings?.signUp === "open" };
}

/** `GET /api/auth/methods` */
export async function methods(context: Context<AppTypes>): Promise<Response> {
  return context.json(await findSignInMethods(context.var.scope));
}
