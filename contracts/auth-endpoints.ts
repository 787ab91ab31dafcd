/** Where everything that signing in answers lies. */
export const AUTH_PATH = "/api/auth";

/** Everything that signing in answers: method and path below {@link AUTH_PATH}, as Hono writes it. */
export const AUTH_ENDPOINTS = [
  "GET /methods",
  "POST /sign-in/email",
  "POST /sign-out",
  "POST /two-factor/verify",
  "POST /two-factor/recover",
  "POST /two-factor/enable",
  "POST /two-factor/confirm",
  "POST /two-factor/disable",
  "POST /passkey/sign-in-options",
  "POST /passkey/sign-in",
  "POST /passkey/add-options",
  "POST /passkey/add",
  "GET /passkeys",
  "PATCH /passkeys/:id",
  "DELETE /passkeys/:id",
  "POST /oidc/:provider",
  "GET /oidc/:provider/callback",
  "POST /saml/:provider",
  "POST /saml/:provider/acs",
  "GET /saml/:provider/finish",
  "GET /saml/:provider/metadata",
  "POST /password/forgot",
  "POST /password/reset",
  "POST /password/change",
] as const;
export type AuthEndpoint = (typeof AUTH_ENDPOINTS)[number];
