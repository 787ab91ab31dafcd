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
import { bytesOf } from "./base64.ts";
import { beginFlow, type Flow, giveTicket, isFirstUse, takeFlow, takeTicket } from "./flow.ts";
import { type SamlProvider, samlProvidersOf } from "./providers.ts";
import { endpointsFor, metadataOf, signOnUrl } from "./request.ts";
import { readResponse } from "./response.ts";

const FORM_TYPE = /^application\/x-www-form-urlencoded(?:\s*;|$)/i;
/** A state as it is made here. What a provider sends of its own accord has none. */
const STATE = /^[\w-]{43}$/;

const beginBody = z.object({ to: returnPathSchema.optional() });

/** `POST /api/auth/saml/:provider`: answers where to send the browser. */
export async function beginSaml(context: Context<AppTypes>): Promise<Response> {
  const { to } = await readOwn(context, beginBody);
  const provider = getProvider(context);
  await takeByAddress(context.var.scope);
  const { requestId, state } = await beginFlow(context, provider.id, to ?? "/");
  const endpoints = endpointsFor(context.env.PUBLIC_URL, provider);
  return context.json({ url: await signOnUrl(provider, endpoints, { requestId, state, now: Date.now() }) });
}

/**
 * `POST /api/auth/saml/:provider/acs`: takes the provider's answer from its own page, and sends the browser on with a
 * ticket. It signs nobody in, and asks for nothing to be read before it knows that somebody began a sign-in.
 */
export async function takeSamlAnswer(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const provider = getProvider(context);
  const form = await readForm(context.req.raw);
  const [answer, state] = [onlyValue(form, "SAMLResponse"), onlyValue(form, "RelayState")];
  if (answer === null || state === null || !STATE.test(state)) return backToSignIn(context, "unasked");
  const flow = await takeFlow(scope, provider.id, state);
  if (flow === null) return backToSignIn(context, "unasked");
  try {
    const identity = await identify(context, provider, flow, answer);
    const ticket = await giveTicket(scope, { provider: provider.id, state, identity, to: flow.to });
    return context.redirect(`/api/auth/saml/${provider.id}/finish?ticket=${ticket}`, 303);
  } catch (fault) {
    if (!(fault instanceof ProviderFault)) throw fault;
    reportFailure(scope.requestId, `provider ${provider.id}`, fault);
    return backToSignIn(context, "denied");
  }
}

/** `GET /api/auth/saml/:provider/finish`: signs in the browser that began, and sends it on. */
export async function endSaml(context: Context<AppTypes>): Promise<Response> {
  const provider = getProvider(context);
  const ticket = await takeTicket(context, provider.id, context.req.query("ticket") ?? "");
  if (ticket === null) return backToSignIn(context, "denied");
  const joining = provider.newAccounts ? provider.domains : [];
  return signInAs(context, { kind: "saml", id: provider.id, joining }, ticket.identity, ticket.to);
}

/** `GET /api/auth/saml/:provider/metadata`: what to give the provider. */
export function samlMetadata(context: Context<AppTypes>): Response {
  const metadata = metadataOf(endpointsFor(context.env.PUBLIC_URL, getProvider(context)));
  return context.body(metadata, 200, { "content-type": "application/samlmetadata+xml" });
}

async function identify(context: Context<AppTypes>, provider: SamlProvider, { requestId }: Flow, answer: string) {
  const { acsUrl, metadataUrl: audience } = endpointsFor(context.env.PUBLIC_URL, provider);
  const expected = { provider, requestId, acsUrl, audience, now: Date.now() };
  const { identity, assertionId } = await readResponse(utf8Of(bytesOf(answer, "the answer")), expected);
  if (await isFirstUse(context.var.scope, provider.id, assertionId)) return identity;
  throw new ProviderFault("the assertion was used before");
}

function getProvider(context: Context<AppTypes>): SamlProvider {
  const provider = samlProvidersOf(context.env).find(({ id }) => id === context.req.param("provider"));
  if (provider !== undefined) return provider;
  throw new PlatformError("not_found", "This platform has no such provider. Sign in another way.");
}

async function readForm(request: Request): Promise<URLSearchParams> {
  if (FORM_TYPE.test(request.headers.get("content-type") ?? "")) return new URLSearchParams(await request.text());
  throw new PlatformError("unsupported_media_type", "A SAML answer comes as a form, by the binding HTTP-POST.");
}

/** A field of a form that is there once; null for every other. */
function onlyValue(form: URLSearchParams, name: string): string | null {
  const [value, another] = form.getAll(name);
  return value === undefined || another !== undefined ? null : value;
}

function utf8Of(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (error) {
    throw new ProviderFault("the answer is not in UTF-8", { cause: error });
  }
}
