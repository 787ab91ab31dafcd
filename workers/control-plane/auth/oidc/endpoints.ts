import type { Context } from "hono";
import * as z from "zod";

import { PlatformError } from "../../../../contracts/errors.ts";
import { returnPathSchema } from "../../../../contracts/return-path.ts";
import type { AppTypes } from "../../mount.ts";
import { reportFailure } from "../../report.ts";
import { readOwn } from "../ask.ts";
import { takeByAddress } from "../endpoints.ts";
import { ProviderFault } from "../provider/identity.ts";
import { backToSignIn, signInAs } from "../provider/sign-in-as.ts";
import { authorizationUrl, beginFlow, endFlow } from "./flow.ts";
import { identify } from "./identity.ts";
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
  if (!query.success) return backToSignIn(context, "denied");
  const { state, code, error, iss } = query.data;
  const flow = await endFlow(context, provider.id, state);
  if (flow === null || error !== undefined || code === undefined) return backToSignIn(context, "denied");
  // RFC 9207: the answer of another provider, brought here.
  if (iss !== undefined && iss !== provider.issuer) return backToSignIn(context, "denied");
  try {
    const identity = await identify(provider, flow, code, redirectUri(context, provider));
    return await signInAs(context, { kind: "oidc", id: provider.id, joining: provider.domains }, identity, flow.to);
  } catch (fault) {
    if (!(fault instanceof ProviderFault)) throw fault;
    reportFailure(context.var.scope.requestId, `provider ${provider.id}`, fault);
    return backToSignIn(context, "denied");
  }
}

function getProvider(context: Context<AppTypes>): Provider {
  const provider = providersOf(context.env).find(({ id }) => id === context.req.param("provider"));
  if (provider !== undefined) return provider;
  throw new PlatformError("not_found", "This platform has no such provider. Sign in another way.");
}

const redirectUri = (context: Context<AppTypes>, { id }: Provider): string =>
  new URL(`/api/auth/oidc/${id}/callback`, context.env.PUBLIC_URL).href;
