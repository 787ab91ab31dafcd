import type { Context } from "hono";

import { AUTH_ENDPOINTS, AUTH_PATH, type AuthEndpoint } from "../../../contracts/auth-endpoints.ts";
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
import { beginSaml, endSaml, samlMetadata, takeSamlAnswer } from "./saml/endpoints.ts";
import {
  confirmTwoFactor,
  disableTwoFactor,
  enableTwoFactor,
  recoverTwoFactor,
  verifyTwoFactor,
} from "./two-factor-endpoints.ts";

type Handler = (context: Context<AppTypes>) => Response | Promise<Response>;

const HANDLERS: Record<AuthEndpoint, Handler> = {
  "GET /methods": methods,
  "POST /sign-in/email": signInByEmail,
  "POST /sign-out": signOut,
  "POST /two-factor/verify": verifyTwoFactor,
  "POST /two-factor/recover": recoverTwoFactor,
  "POST /two-factor/enable": enableTwoFactor,
  "POST /two-factor/confirm": confirmTwoFactor,
  "POST /two-factor/disable": disableTwoFactor,
  "POST /passkey/sign-in-options": passkeySignInOptions,
  "POST /passkey/sign-in": passkeySignIn,
  "POST /passkey/add-options": passkeyAddOptions,
  "POST /passkey/add": passkeyAdd,
  "GET /passkeys": listPasskeys,
  "PATCH /passkeys/:id": renamePasskey,
  "DELETE /passkeys/:id": removePasskey,
  "POST /oidc/:provider": beginOidc,
  "GET /oidc/:provider/callback": endOidc,
  "POST /saml/:provider": beginSaml,
  "POST /saml/:provider/acs": takeSamlAnswer,
  "GET /saml/:provider/finish": endSaml,
  "GET /saml/:provider/metadata": samlMetadata,
  "POST /password/forgot": forgotPassword,
  "POST /password/reset": resetPassword,
  "POST /password/change": changePassword,
};

/** Everything that signing in answers, as the app mounts it. Nothing else is reachable under its path. */
export const AUTH_ENTRIES = AUTH_ENDPOINTS.map((endpoint): [method: string, path: string, handler: Handler] => {
  const space = endpoint.indexOf(" ");
  return [endpoint.slice(0, space), AUTH_PATH + endpoint.slice(space + 1), HANDLERS[endpoint]];
});
