import type { Context } from "hono";
import { setSignedCookie } from "hono/cookie";
import * as z from "zod";

import { PlatformError } from "../../../../contracts/errors.ts";
import { SESSION_TTL_S } from "../../../../contracts/limits.ts";
import { returnPathSchema } from "../../../../contracts/return-path.ts";
import { isSecure } from "../../env.ts";
import type { AppTypes } from "../../mount.ts";
import { reportFailure } from "../../report.ts";
import { readOwn } from "../ask.ts";
import { takeByAddress } from "../endpoints.ts";
import { sessionCookieName, signIn } from "../sign-in.ts";
import { signedIn } from "../signed-in.ts";
import { accountOf } from "./account.ts";
import { authorizationUrl, beginFlow, endFlow } from "./flow.ts";
import { identify, ProviderFault } from "./identity.ts";
import { type Provider, providersOf } from "./providers.ts";

const beginBody = z.object({ to: returnPathSchema.optional() });
const backQuery = z.object({
  state: z.string().max(200),
  code: z.string().max(4_000).optional(),
  error: z.string().max(200).optional(),
  iss: z.string().max(2_000).optional(),
});

/** `POST /api/auth/oidc/:provider`: answers where to send the browser. */
export async function beginOidc(context: Context<AppTypes>): Promise<Response> {
  const { to } = await readOwn(context, beginBody);
  const provider = getProvider(context);
  await takeByAddress(context.var.scope);
  const flow = await beginFlow(context, provider.id, to ?? "/");
  return context.json({ url: await authorizationUrl(provider, redirectUri(context, provider), flow) });
}

/** `GET /api/auth/oidc/:provider/callback`: where the provider sends the browser back to; signs it in and sends it on. */
export async function endOidc(context: Context<AppTypes>): Promise<Response> {
  const provider = getProvider(context);
  const query = backQuery.safeParse(context.req.query());
  if (!query.success) return failed(context, "denied");
  const { state, code, error, iss } = query.data;
  const flow = await endFlow(context, provider.id, state);
  if (flow === null || error !== undefined || code === undefined) return failed(context, "denied");
  // RFC 9207: the answer of another provider, brought here.
  if (iss !== undefined && iss !== provider.issuer) return failed(context, "denied");
  try {
    const identity = await identify(provider, flow, code, redirectUri(context, provider));
    const person = await accountOf(context.var.scope, provider, identity);
    if (person === null) return failed(context, "no_account");
    await openSession(context, person.id);
    await signedIn(context, person.id, "oidc");
    return context.redirect(flow.to, 303);
  } catch (fault) {
    if (!(fault instanceof ProviderFault)) throw fault;
    reportFailure(context.var.scope.requestId, `provider ${provider.id}`, fault);
    return failed(context, "denied");
  }
}

function getProvider(context: Context<AppTypes>): Provider {
  const provider = providersOf(context.env).find(({ id }) => id === context.req.param("provider"));
  if (provider !== undefined) return provider;
  throw new PlatformError("not_found", "This platform has no such provider. Sign in another way.");
}

const redirectUri = (context: Context<AppTypes>, { id }: Provider): string =>
  new URL(`/api/auth/oidc/${id}/callback`, context.env.PUBLIC_URL).href;

/** Back to the sign-in page, which knows words for this. */
const failed = (context: Context<AppTypes>, problem: "denied" | "no_account"): Response =>
  context.redirect(`/sign-in?error=${problem}`, 303);

/** A session of the library's, in the cookie in which it looks for it. */
async function openSession(context: Context<AppTypes>, userId: string): Promise<void> {
  const { scope } = context.var;
  const { internalAdapter } = await signIn(scope).$context;
  const userAgent = context.req.header("user-agent") ?? "";
  const { token } = await internalAdapter.createSession(userId, false, { userAgent });
  await setSignedCookie(context, sessionCookieName(scope.env), token, scope.env.AUTH_SECRET, {
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    secure: isSecure(scope.env),
    maxAge: SESSION_TTL_S,
  });
}
