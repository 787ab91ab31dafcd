import type { Scope } from "../scope.ts";
import { platformSettings } from "../database/schema.ts";

/** The ways into an account that this platform offers. */
interface SignInMethods {
  password: boolean;
  passkeys: boolean;
  providers: { id: string; name: string }[];
  signUp: boolean;
}

/** Reads them for the sign-in page. */
export async function findSignInMethods(scope: Scope): Promise<SignInMethods> {
  const [settings] = await scope.database.select({ signUp: platformSettings.signUp }).from(platformSettings);
  return { password: true, passkeys: true, providers: [], signUp: settings?.signUp === "open" };
}
