import { and, count, eq } from "drizzle-orm";
import type { Context } from "hono";
import * as z from "zod";

import { PlatformError } from "../../../contracts/errors.ts";
import { PASSKEYS_PER_USER_MAX, TEXT_LENGTH_MAX } from "../../../contracts/limits.ts";
import { audit } from "../audit/write.ts";
import { passkey } from "../database/schema.ts";
import type { AppTypes } from "../mount.ts";
import { ask, getSignedIn, type LibraryAnswer, readOwn, requireOwnPage, withCookies } from "./ask.ts";
import { takeByAddress } from "./endpoints.ts";
import { notice } from "./notice.ts";
import { actorOf } from "./principal.ts";
import { signedIn } from "./signed-in.ts";

const text = z.string().max(16 * 1024);
const name = z.string().trim().min(1).max(TEXT_LENGTH_MAX);
/** What `PublicKeyCredential.toJSON()` gives (WebAuthn 3, 5.1); what is in it the library reads. */
const credential = {
  id: text,
  rawId: text,
  type: z.literal("public-key"),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
  authenticatorAttachment: text.nullish().transform((value) => value ?? undefined),
};
const assertion = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: text,
    authenticatorData: text,
    signature: text,
    userHandle: text.nullish().transform((value) => value ?? undefined),
  }),
});
const attestation = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: text,
    attestationObject: text,
    transports: z.array(z.string().max(40)).max(10).optional(),
  }),
});
const signInBody = z.object({ response: assertion });
const addBody = z.object({ name: name.optional(), response: attestation });
const renameBody = z.object({ name });
const options = z.looseObject({ challenge: z.string() });

/** `POST /api/auth/passkey/sign-in-options`: a challenge that any passkey for this platform may answer. */
export async function passkeySignInOptions(context: Context<AppTypes>): Promise<Response> {
  requireOwnPage(context);
  const answer = await ask(context, "GET", "/passkey/generate-authenticate-options");
  const { allowCredentials: _, ...offered } = options.parse(valueOf(answer));
  return withCookies(context, cookiesOf(answer), { ...offered, userVerification: "required" });
}

/** `POST /api/auth/passkey/sign-in`: signs in whose passkey it is. Its device has asked for a second factor already. */
export async function passkeySignIn(context: Context<AppTypes>): Promise<Response> {
  const body = await readOwn(context, signInBody);
  await takeByAddress(context.var.scope);
  const answer = await ask(context, "POST", "/passkey/verify-authentication", body);
  if (!answer.ok) {
    throw new PlatformError(
      "unauthenticated",
      "This passkey does not sign in here. Try again, or sign in another way.",
    );
  }
  const { user } = z.object({ user: z.object({ id: z.string() }) }).parse(answer.value);
  return withCookies(context, answer.cookies, { user: await signedIn(context, user.id, "passkey") });
}

/** `POST /api/auth/passkey/add-options`: what a device is told to make a passkey of. Asks for a sign-in of today. */
export async function passkeyAddOptions(context: Context<AppTypes>): Promise<Response> {
  requireOwnPage(context);
  const { user } = await getSignedIn(context);
  const { database } = context.var.scope;
  const [known] = await database.select({ count: count() }).from(passkey).where(eq(passkey.userId, user.id));
  if ((known?.count ?? 0) >= PASSKEYS_PER_USER_MAX) throw tooMany();
  const answer = await ask(context, "GET", "/passkey/generate-register-options");
  if (!answer.ok && answer.code === "SESSION_NOT_FRESH") throw notFresh();
  return withCookies(context, cookiesOf(answer), options.parse(valueOf(answer)));
}

/** `POST /api/auth/passkey/add`: keeps the public half of what the device made. */
export async function passkeyAdd(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const body = await readOwn(context, addBody);
  const principal = await getSignedIn(context);
  const { id: userId, email } = principal.user;
  const answer = await scope.database.transaction(async (tx) => {
    const told = await ask(context, "POST", "/passkey/verify-registration", body, tx);
    // A challenge that was answered wrongly is spent, so nothing is undone.
    if (!told.ok) return told;
    const { id } = z.object({ id: z.string() }).parse(told.value);
    const [kept] = await tx.select({ count: count() }).from(passkey).where(eq(passkey.userId, userId));
    if ((kept?.count ?? 0) > PASSKEYS_PER_USER_MAX) throw tooMany();
    await notice(tx, scope, email, "passkey-added");
    const details = { name: body.name ?? null };
    await audit(tx, scope, { actor: actorOf(principal), action: "passkey.add", target: id, details });
    return told;
  });
  if (answer.ok) return context.json(shownSchema.parse(answer.value), 201);
  if (answer.code === "SESSION_NOT_FRESH") throw notFresh();
  throw new PlatformError("invalid", "What the device made is no passkey for this platform. Begin again.", {
    issues: [{ field: "response", reason: "is no passkey for this platform" }],
  });
}

/** `GET /api/auth/passkeys`: one's own. */
export async function listPasskeys(context: Context<AppTypes>): Promise<Response> {
  const { user } = await getSignedIn(context);
  const rows = await context.var.scope.database
    .select()
    .from(passkey)
    .where(eq(passkey.userId, user.id))
    .orderBy(passkey.createdAt);
  return context.json({ items: rows.map((row) => shownSchema.parse(row)), cursor: null });
}

/** `PATCH /api/auth/passkeys/:id` */
export async function renamePasskey(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const changed = await readOwn(context, renameBody);
  const principal = await getSignedIn(context);
  const id = context.req.param("id") ?? "";
  const row = await scope.database.transaction(async (tx) => {
    const [found] = await tx.update(passkey).set(changed).where(own(id, principal.user.id)).returning();
    if (found === undefined) throw noSuch();
    await audit(tx, scope, { actor: actorOf(principal), action: "passkey.rename", target: id, details: changed });
    return found;
  });
  return context.json(shownSchema.parse(row));
}

/** `DELETE /api/auth/passkeys/:id` */
export async function removePasskey(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  requireOwnPage(context);
  const principal = await getSignedIn(context);
  const id = context.req.param("id") ?? "";
  await scope.database.transaction(async (tx) => {
    const [found] = await tx.delete(passkey).where(own(id, principal.user.id)).returning({ name: passkey.name });
    if (found === undefined) throw noSuch();
    await notice(tx, scope, principal.user.email, "passkey-removed");
    await audit(tx, scope, { actor: actorOf(principal), action: "passkey.remove", target: id, details: found });
  });
  return context.body(null, 204);
}

const own = (id: string, userId: string) => and(eq(passkey.id, id), eq(passkey.userId, userId));

const shownSchema = z.object({
  id: z.string(),
  name: z
    .string()
    .nullish()
    .transform((value) => value ?? "Passkey"),
  createdAt: z.coerce.date().transform((date) => date.getTime()),
});

function valueOf(answer: LibraryAnswer): unknown {
  if (!answer.ok) throw new Error(`the library refuses options of a passkey: ${answer.code}`);
  return answer.value;
}
const cookiesOf = (answer: LibraryAnswer): string[] => (answer.ok ? answer.cookies : []);

const notFresh = (): PlatformError =>
  new PlatformError("forbidden", "Adding a passkey takes a sign-in of the last 24 hours. Sign in again.", {
    reason: "not_fresh",
  });
const tooMany = (): PlatformError =>
  new PlatformError("conflict", `An account has at most ${PASSKEYS_PER_USER_MAX} passkeys. Remove one first.`, {
    limit: PASSKEYS_PER_USER_MAX,
  });
const noSuch = (): PlatformError => new PlatformError("not_found", "You have no such passkey.");
