import type { Context } from "hono";

import type { AppTypes } from "../mount.ts";
import { signInByEmail, signOut } from "./endpoints.ts";
import { methods } from "./methods.ts";
import { beginOidc, endOidc } from "./oidc/endpoints.ts";
import {
  listPasskeys,
  passkeyAdd,
  passkeyAddOptions,
  passkeySignIn,
  passkeySignInOptions,
  removePasskey,
  renamePasskey,
} from "./passkey-endpoints.ts";
import { changePassword, forgotPassword, resetPassword } from "./password-endpoints.ts";
import { AUTH_PATH } from "./sign-in.ts";
import {
  confirmTwoFactor,
  disableTwoFactor,
  enableTwoFactor,
  recoverTwoFactor,
  verifyTwoFactor,
} from "./two-factor-endpoints.ts";

type Handler = (context: Context<AppTypes>) => Response | Promise<Response>;
type Entry = [method: string, path: string, handler: Handler];

/** Everything that signing in answers, as the app mounts it. Nothing else is reachable under its path. */
export const AUTH_ENTRIES: readonly Entry[] = (
  [
    ["GET", "/methods", methods],
    ["POST", "/sign-in/email", signInByEmail],
    ["POST", "/sign-out", signOut],
    ["POST", "/two-factor/verify", verifyTwoFactor],
    ["POST", "/two-factor/recover", recoverTwoFactor],
    ["POST", "/two-factor/enable", enableTwoFactor],
    ["POST", "/two-factor/confirm", confirmTwoFactor],
    ["POST", "/two-factor/disable", disableTwoFactor],
    ["POST", "/passkey/sign-in-options", passkeySignInOptions],
    ["POST", "/passkey/sign-in", passkeySignIn],
    ["POST", "/passkey/add-options", passkeyAddOptions],
    ["POST", "/passkey/add", passkeyAdd],
    ["GET", "/passkeys", listPasskeys],
    ["PATCH", "/passkeys/:id", renamePasskey],
    ["DELETE", "/passkeys/:id", removePasskey],
    ["POST", "/oidc/:provider", beginOidc],
    ["GET", "/oidc/:provider/callback", endOidc],
    ["POST", "/password/forgot", forgotPassword],
    ["POST", "/password/reset", resetPassword],
    ["POST", "/password/change", changePassword],
  ] satisfies Entry[]
).map(([method, path, handler]): Entry => [method, AUTH_PATH + path, handler]);
