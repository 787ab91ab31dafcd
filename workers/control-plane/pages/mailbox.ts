import { and, desc, eq, notInArray, or, sql } from "drizzle-orm";
import type { Context } from "hono";
import { html } from "hono/html";

import { PlatformError } from "../../../contracts/errors.ts";
import { idSchema } from "../../../contracts/ids.ts";
import { MAILBOX_LETTERS_MAX } from "../../../contracts/limits.ts";
import { findPrincipal, type Principal } from "../auth/principal.ts";
import { invitation, mail, user } from "../database/schema.ts";
import { hasMailbox } from "../mail/drivers.ts";
import type { AppTypes } from "../mount.ts";
import type { Scope } from "../scope.ts";
import { navigationOf } from "./navigation.ts";
import { renderPage } from "./page.ts";
import { ASK, SIGN_OUT } from "./scripts/ask.ts";
import { MOMENTS } from "./scripts/moments.ts";

type MailRow = typeof mail.$inferSelect;

/** Whether somebody reads the local mailbox: letters hold links that sign in, so no key does, whatever its scopes. */
const readsMailbox = (scope: Scope, { key, user: { role } }: Principal): boolean =>
  hasMailbox(scope.env) && key === null && (role === "owner" || role === "admin");

/** `GET /mailbox`: the letters that a platform on one computer would have sent, newest first. */
export async function mailboxPage(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const principal = await readerOf(context);
  if (principal === null) return context.redirect("/sign-in?to=/mailbox");
  const letters = await scope.database
    .select({ id: mail.id, recipient: mail.recipient, subject: mail.subject, createdAt: mail.createdAt })
    .from(mail)
    .where(readable(scope, principal))
    .orderBy(desc(mail.createdAt), desc(mail.id))
    .limit(MAILBOX_LETTERS_MAX);
  const rows = letters.map(
    ({ id, recipient, subject, createdAt }) =>
      html`<li>
        <a href="/mailbox/${id}">${subject}</a><span class="quiet">${recipient}</span>${momentOf(createdAt)}
      </li>`,
  );
  const main = html`<div class="stack wide">
    <div class="stack">
      <h1>Mailbox</h1>
      <p class="quiet">No letter leaves this computer: what the platform would send is here.</p>
    </div>
    ${
      rows.length === 0
        ? html`<p class="quiet">Nothing yet. Invitations, links to a new password and the like will show up here.</p>`
        : html`<ul class="rows">
            ${rows}
          </ul>`
    }
  </div>`;
  const navigation = navigationOf(scope, principal);
  return renderPage(context, { title: "Mailbox", navigation, main, script: ASK + SIGN_OUT + MOMENTS });
}

/** `GET /mailbox/{id}`: one letter, as text; its links to this platform can be followed. */
export async function letterPage(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const principal = await readerOf(context);
  const id = idSchema("mail").safeParse(context.req.param("id"));
  if (principal === null) return context.redirect("/sign-in?to=/mailbox");
  const letter = id.success ? await findLetter(scope, principal, id.data) : null;
  if (letter === null) throw new PlatformError("not_found", "There is no such letter. Go back to /mailbox.");
  const main = html`<article class="stack wide">
    <div class="stack">
      <p><a href="/mailbox">Mailbox</a></p>
      <h1>${letter.subject}</h1>
      <p class="quiet">To ${letter.recipient}, ${momentOf(letter.createdAt)}</p>
    </div>
    <pre class="letter" tabindex="0">${withLinks(letter.text ?? "", scope.env.PUBLIC_URL)}</pre>
  </article>`;
  const navigation = navigationOf(scope, principal);
  const style = ".letter { white-space: pre-wrap; overflow-wrap: anywhere; padding: 20px 24px; }";
  return renderPage(context, { title: letter.subject, navigation, main, style, script: ASK + SIGN_OUT + MOMENTS });
}

/** Who reads, or null for nobody who is signed in. Others do not learn that there is a mailbox. */
async function readerOf(context: Context<AppTypes>): Promise<Principal | null> {
  const { scope } = context.var;
  const nothing = new PlatformError("not_found", "There is nothing at this path.");
  if (!hasMailbox(scope.env)) throw nothing;
  const principal = await findPrincipal(scope, context.req.raw.headers);
  if (principal !== null && !readsMailbox(scope, principal)) throw nothing;
  for (const cookie of principal?.setCookies ?? []) context.header("set-cookie", cookie, { append: true });
  return principal;
}

/** Admins do not read what was sent to owners, or to who may become one: a link in it would make them one. */
function readable({ database }: Scope, { user: { email, role } }: Principal) {
  if (role === "owner") return undefined;
  const recipient = sql`lower(${mail.recipient})`;
  const owners = database
    .select({ email: sql`lower(${user.email})` })
    .from(user)
    .where(eq(user.role, "owner"));
  const invited = database
    .select({ email: invitation.email })
    .from(invitation)
    .where(eq(invitation.platformRole, "owner"));
  return or(eq(recipient, email.toLowerCase()), and(notInArray(recipient, owners), notInArray(recipient, invited)));
}

async function findLetter(scope: Scope, principal: Principal, id: string): Promise<MailRow | null> {
  const [letter] = await scope.database
    .select()
    .from(mail)
    .where(and(eq(mail.id, id), readable(scope, principal)));
  return letter ?? null;
}

const momentOf = (at: Date) =>
  html`<time class="quiet" datetime="${at.toISOString()}"
    >${at.toISOString().slice(0, 16).replace("T", " ")} UTC</time
  >`;

/** Text with what leads to this platform made a link; everything else stays text. */
function withLinks(text: string, publicUrl: string) {
  const parts = text.split(/(https?:\/\/[^\s<>"]+)/);
  return parts.map((part) => (part.startsWith(`${publicUrl}/`) ? html`<a href="${part}">${part}</a>` : part));
}
