import { eq } from "drizzle-orm";
import type { Context } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import { base64url } from "jose";
import * as z from "zod";

import { SAML_FLOW_TTL_S, SAML_TICKET_TTL_S } from "../../../../contracts/limits.ts";
import { verification } from "../../database/schema.ts";
import { isSecure } from "../../env.ts";
import type { AppTypes } from "../../mount.ts";
import type { Scope } from "../../scope.ts";
import { equalInConstantTime, sha256Hex } from "../hash.ts";
import { cookieName } from "../sign-in.ts";

/*
 * A provider's answer is posted from its own page, and the cookies of our own do not come along with a request that
 * another site makes a browser post. So the answer is taken without knowing the browser, gives it a ticket, and sends it
 * on to a page of ours, where the cookie comes along again. Only ticket and cookie together sign in: who begins a
 * sign-in and has another person finish it at the provider has the one, and that person's browser the other.
 */

const flowSchema = z.object({
  provider: z.string(),
  requestId: z.string(),
  /** Path to go to then. */
  to: z.string(),
});
export type Flow = z.infer<typeof flowSchema>;

const ticketSchema = z.object({
  provider: z.string(),
  /** Hash of the state of the flow that it ends. */
  state: z.string(),
  identity: z.object({ subject: z.string(), email: z.string().nullable(), name: z.string().nullable() }),
  to: z.string(),
});
export type Ticket = z.infer<typeof ticketSchema>;

const random = (): string => base64url.encode(crypto.getRandomValues(new Uint8Array(32)));

/** Begins a flow: it is kept by the hash of its state, which this browser gets and carries to the provider and back. */
export async function beginFlow(
  context: Context<AppTypes>,
  provider: string,
  to: string,
): Promise<Flow & { state: string }> {
  const { scope } = context.var;
  const state = random();
  // A name in XML does not begin with a digit.
  const flow = { provider, requestId: `_${random()}`, to };
  await keep(scope, `saml:${await sha256Hex(state)}`, flow, SAML_FLOW_TTL_S);
  await setSignedCookie(context, cookieName(scope.env, "saml"), state, scope.env.AUTH_SECRET, {
    path: "/",
    httpOnly: true,
    // It is read on the way from one page of ours to another, which a provider's page began.
    sameSite: "Lax",
    secure: isSecure(scope.env),
    maxAge: SAML_FLOW_TTL_S,
  });
  return { ...flow, state };
}

/** Takes the flow of a state, once, whoever brings it; null where there is none. */
export async function takeFlow(scope: Scope, provider: string, state: string): Promise<Flow | null> {
  const flow = flowSchema.nullable().parse(await take(scope, `saml:${await sha256Hex(state)}`));
  return flow?.provider === provider ? flow : null;
}

/** Gives a ticket for what an answer said, to be brought by the browser that began the flow. */
export async function giveTicket(scope: Scope, { state, ...rest }: Ticket): Promise<string> {
  const ticket = random();
  const value = { ...rest, state: await sha256Hex(state) };
  await keep(scope, `saml-ticket:${await sha256Hex(ticket)}`, value, SAML_TICKET_TTL_S);
  return ticket;
}

/** Takes a ticket, once, and only for the browser that began its flow; null for every other. */
export async function takeTicket(context: Context<AppTypes>, provider: string, ticket: string): Promise<Ticket | null> {
  const { scope } = context.var;
  const name = cookieName(scope.env, "saml");
  const state = await getSignedCookie(context, scope.env.AUTH_SECRET, name);
  deleteCookie(context, name, { path: "/", secure: isSecure(scope.env) });
  const found = ticketSchema.nullable().parse(await take(scope, `saml-ticket:${await sha256Hex(ticket)}`));
  if (found === null || typeof state !== "string" || found.provider !== provider) return null;
  return (await equalInConstantTime(await sha256Hex(state), found.state)) ? found : null;
}

/** Whether an assertion is seen for the first time. Its request is good once, too; this holds whatever a provider makes of that. */
export async function isFirstUse(scope: Scope, provider: string, assertionId: string): Promise<boolean> {
  const id = `saml-assertion:${await sha256Hex(`${provider} ${assertionId}`)}`;
  const expiresAt = new Date(Date.now() + SAML_FLOW_TTL_S * 1_000);
  const made = await scope.database
    .insert(verification)
    .values({ id, identifier: id, value: "", expiresAt })
    .onConflictDoNothing()
    .returning({ id: verification.id });
  return made.length > 0;
}

async function keep(scope: Scope, identifier: string, value: object, ttlS: number): Promise<void> {
  const expiresAt = new Date(Date.now() + ttlS * 1_000);
  const row = { id: crypto.randomUUID(), identifier, value: JSON.stringify(value), expiresAt };
  await scope.database.insert(verification).values(row);
}

async function take(scope: Scope, identifier: string): Promise<unknown> {
  const [kept] = await scope.database
    .delete(verification)
    .where(eq(verification.identifier, identifier))
    .returning({ value: verification.value, expiresAt: verification.expiresAt });
  return kept === undefined || kept.expiresAt.getTime() <= Date.now() ? null : (JSON.parse(kept.value) as unknown);
}
