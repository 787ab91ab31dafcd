import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { NONCE, secureHeaders } from "hono/secure-headers";

import { API_PREFIX } from "../../contracts/api/index.ts";
import { AUTH_PATH } from "../../contracts/auth-endpoints.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { API_BODY_BYTES_MAX, AUTH_BODY_BYTES_MAX, SAML_BODY_BYTES_MAX } from "../../contracts/limits.ts";
import { MOUNTED } from "./api/index.ts";
import { AUTH_ENTRIES } from "./auth/entries.ts";
import { isSecure } from "./env.ts";
import { failureOf } from "./failure.ts";
import { signingKeySet } from "./hand-over/endpoints.ts";
import { readiness, versions } from "./health.ts";
import type { AppTypes } from "./mount.ts";
import { openApi } from "./openapi.ts";
import { accountPage } from "./pages/account.ts";
import { docsPage } from "./pages/docs.ts";
import { failurePage } from "./pages/failure.ts";
import { homePage } from "./pages/home.ts";
import { openPage } from "./pages/open.ts";
import { invitationPage } from "./pages/invitation.ts";
import { letterPage, mailboxPage } from "./pages/mailbox.ts";
import { forgotPasswordPage, resetPasswordPage } from "./pages/password.ts";
import { drawQrCode } from "./pages/qr-code.ts";
import { setupPage } from "./pages/setup.ts";
import { signInPage } from "./pages/sign-in.ts";
import { signUpPage } from "./pages/sign-up.ts";
import { rateOfUncounted } from "./rate/headers.ts";
import { Scope } from "./scope.ts";

type Handler = (context: Context<AppTypes>) => Response | Promise<Response>;

/** Everything the control plane answers: method, path as Hono writes it, handler. */
const ENTRIES: readonly [method: string, path: string, handler: Handler][] = [
  ...MOUNTED.map(({ endpoint, handle }): [string, string, Handler] => [
    endpoint.method,
    API_PREFIX + endpoint.path.replace(/\{(\w+)\}/g, ":$1"),
    handle,
  ]),
  ["GET", `${API_PREFIX}/openapi.json`, (context) => context.json(openApi(context.env))],
  ...AUTH_ENTRIES,
  ["GET", "/api/docs", docsPage],
  ["GET", "/", homePage],
  ["GET", "/setup", setupPage],
  ["GET", "/sign-in", signInPage],
  ["GET", "/sign-up", signUpPage],
  ["GET", "/invitation", invitationPage],
  ["GET", "/forgot-password", forgotPasswordPage],
  ["GET", "/reset-password", resetPasswordPage],
  ["GET", "/account", accountPage],
  ["POST", "/account/qr-code", drawQrCode],
  ["GET", "/mailbox", mailboxPage],
  ["GET", "/mailbox/:id", letterPage],
  ["GET", "/open/:slug", openPage],
  ["GET", "/.well-known/jwks.json", signingKeySet],
  ["GET", "/healthz", (context) => context.text("ok\n")],
  ["GET", "/version", (context) => context.json(versions(context.env.VERSION))],
  ["GET", "/readyz", readyz],
];

/** Mounts the table with what surrounds every request: id, headers, body bound, and one way to fail. */
export function createApp(): Hono<AppTypes> {
  const app = new Hono<AppTypes>({ strict: false });

  app.use(async (context, next) => {
    const scope = new Scope(context.env, context.req.raw);
    context.set("scope", scope);
    try {
      await next();
    } finally {
      context.executionCtx.waitUntil(scope.close());
    }
    context.res.headers.set("x-request-id", scope.requestId);
    if (!context.res.headers.has("cache-control")) context.res.headers.set("cache-control", "no-store");
  });
  app.use(securityHeaders());
  app.use(securityOfTransport);
  app.use(rateOfUncounted);
  app.use(`${AUTH_PATH}/*`, async (context, next) => {
    const limit = SAML_ANSWERS.test(context.req.path) ? SAML_BODY_BYTES_MAX : AUTH_BODY_BYTES_MAX;
    return boundedBody(limit)(context, next);
  });
  app.use(boundedBody(API_BODY_BYTES_MAX));

  for (const [method, path, handler] of ENTRIES) app.on(method, path, handler);
  for (const [path, allow] of methodsByPath()) app.all(path, (context) => wrongMethod(context.req.method, allow));

  app.notFound((context) => fail(new PlatformError("not_found", "There is nothing at this path."), context));
  app.onError(fail);
  return app;
}

function methodsByPath(): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const [method, path] of ENTRIES) {
    const known = methods.get(path) ?? [];
    known.push(...(method === "GET" ? ["GET", "HEAD"] : [method]));
    methods.set(path, known);
  }
  return methods;
}

function wrongMethod(method: string, allow: string[]): never {
  throw new PlatformError("method_not_allowed", `Use ${allow.join(" or ")} here, not ${method}.`, { allow });
}

/** A provider's signed answer is longer than what our own pages send. */
const SAML_ANSWERS = new RegExp(`^${AUTH_PATH}/saml/[^/]+/acs/?$`);

const boundedBody = (limitBytes: number) => bodyLimit({ maxSize: limitBytes, onError: () => tooLarge(limitBytes) });

function tooLarge(limitBytes: number): never {
  throw new PlatformError("too_large", `The body may have at most ${limitBytes} bytes.`, { limitBytes });
}

/** People get a page, programs JSON. */
function fail(thrown: unknown, context: Context<AppTypes>): Response | Promise<Response> {
  const { requestId } = context.var.scope;
  const failure = failureOf(thrown, requestId);
  for (const [name, value] of Object.entries(failure.headers)) context.header(name, value);
  context.status(failure.status as 500);
  const wantsPage =
    !context.req.path.startsWith("/api/v1") && (context.req.header("accept") ?? "").includes("text/html");
  return wantsPage ? failurePage(context, failure.error, requestId) : context.json(failure.body);
}

async function readyz(context: Context<AppTypes>): Promise<Response> {
  const ready = await readiness(context.var.scope);
  if (!ready.ok) context.header("retry-after", "2");
  return context.json(ready, ready.ok ? 200 : 503);
}

function securityHeaders() {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: [NONCE],
      styleSrc: [NONCE],
      imgSrc: ["'self'", "data:"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: "DENY",
    // A set-up link carries its token in the address.
    referrerPolicy: "no-referrer",
    strictTransportSecurity: false,
    permissionsPolicy: { camera: [], microphone: [], geolocation: [], payment: [], usb: [] },
  });
}

async function securityOfTransport(context: Context<AppTypes>, next: () => Promise<void>): Promise<void> {
  await next();
  if (isSecure(context.env)) context.res.headers.set("strict-transport-security", "max-age=31536000");
}
