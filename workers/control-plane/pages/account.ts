import { and, eq, isNotNull } from "drizzle-orm";
import type { Context } from "hono";
import { html } from "hono/html";

import { TEXT_LENGTH_MAX } from "../../../contracts/limits.ts";
import { findPrincipal, type Principal } from "../auth/principal.ts";
import { sessionsOf } from "../auth/sessions.ts";
import { account, passkey } from "../database/schema.ts";
import type { AppTypes } from "../mount.ts";
import type { Scope } from "../scope.ts";
import { passkeysSection, sessionsSection } from "./account-lists.ts";
import { twoFactorSection } from "./account-two-factor.ts";
import { navigationOf } from "./navigation.ts";
import { renderPage } from "./page.ts";
import { newPasswordField, PROBLEM } from "./parts.ts";
import { ACCOUNT_SCRIPT } from "./scripts/account.ts";

/** `GET /account`: one's name, the ways into one's account, and where one is signed in. */
export async function accountPage(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const principal = await findPrincipal(scope, context.req.raw.headers);
  if (principal?.sessionId === undefined || principal.sessionId === null)
    return context.redirect("/sign-in?to=/account");
  for (const cookie of principal.setCookies) context.header("set-cookie", cookie, { append: true });
  const { user, twoFactor, sessionId } = principal;
  const { hasPassword, passkeys, sessions } = await waysIn(scope, principal);
  const main = html`<div class="account" id="account" data-email="${user.email}">
    <h1>Account</h1>
    ${profileSection(user)} ${passwordSection(user.email, hasPassword)} ${twoFactorSection(twoFactor, hasPassword)}
    ${passkeysSection(passkeys)} ${sessionsSection(sessions, sessionId)}
    <section>
      <h2>API keys</h2>
      <div class="stack">
        <p class="quiet">Programs act for you by keys. Make, list and revoke them in a terminal:</p>
        <pre>
npx isola login --url ${scope.env.PUBLIC_URL}
npx isola keys create --name ci
npx isola keys list</pre>
      </div>
    </section>
  </div>`;
  const navigation = navigationOf(scope, principal);
  return renderPage(context, { title: "Account", navigation, main, style: ACCOUNT_STYLE, script: ACCOUNT_SCRIPT });
}

async function waysIn({ database }: Scope, { user: { id } }: Principal) {
  const [passwords, passkeys, sessions] = await Promise.all([
    database
      .select({ id: account.id })
      .from(account)
      .where(and(eq(account.userId, id), isNotNull(account.password))),
    database.select().from(passkey).where(eq(passkey.userId, id)).orderBy(passkey.createdAt),
    sessionsOf(database, id, Date.now()),
  ]);
  return { hasPassword: passwords.length > 0, passkeys, sessions };
}

function profileSection({ name, email }: { name: string; email: string }) {
  return html`<section>
    <h2>Profile</h2>
    <form method="post" id="profile">
      <label
        >Name <input name="name" value="${name}" autocomplete="name" maxlength="${TEXT_LENGTH_MAX}" required
      /></label>
      <label>E-mail <input value="${email}" type="email" disabled /></label>
      ${PROBLEM}
      <div class="actions"><button>Save</button><span class="said quiet" role="status"></span></div>
    </form>
  </section>`;
}

function passwordSection(email: string, hasPassword: boolean) {
  const none = html`<p class="quiet">
    Your account has no password. <a href="/forgot-password">Have a link sent</a> to set one.
  </p>`;
  const change = html`<form method="post" id="password">
    <input class="visually-hidden" value="${email}" autocomplete="username" readonly tabindex="-1" aria-hidden="true" />
    <label>
      Current password
      <input name="current" type="password" autocomplete="current-password" maxlength="200" required />
    </label>
    ${newPasswordField("change", "New password")} ${PROBLEM}
    <div class="actions"><button>Change the password</button><span class="said quiet" role="status"></span></div>
  </form>`;
  return html`<section>
    <h2>Password</h2>
    ${hasPassword ? change : none}
  </section>`;
}

const ACCOUNT_STYLE = `
.account { display: grid; gap: 0; }
.account h1 { margin-bottom: 24px; }
.account section { display: grid; grid-template-columns: 200px minmax(0, 1fr); gap: 8px 32px; padding: 28px 0; border-top: 1px solid var(--line); }
.account form { margin-top: 0; max-width: 408px; }
.account form + form, .account .stack + form, .account div > .quiet + form, .account ul + form, .account ul + .actions { margin-top: 16px; }
.account .actions { margin-top: 0; }
.account ul.rows { border-top: none; }
.account ul.rows li:last-child { border-bottom: none; padding-bottom: 0; }

.account .stack ~ .enrol { margin-top: 20px; }
.account ul.rows li { grid-template-columns: minmax(0, 1fr) auto; align-items: start; padding: 12px 0; }
.account ul.rows li:first-child { padding-top: 0; }
.badge { font-size: 12px; line-height: 16px; border: 1px solid var(--line); border-radius: 8px; padding: 0 8px; margin-left: 8px; color: var(--quiet); white-space: nowrap; }
.badge.on { color: var(--ok); border-color: currentColor; }
.enrol { display: grid; gap: 24px; max-width: 480px; }
.enrol h3 { font-size: 13px; font-weight: 600; }
.enrol img { width: 184px; height: 184px; border-radius: 6px; border: 1px solid var(--line); }
.codes { list-style: none; padding: 12px 16px; display: grid; grid-template-columns: repeat(auto-fill, minmax(128px, 1fr)); gap: 4px 16px; background: var(--surface); border: 1px solid var(--line); border-radius: 6px; font: 13px/22px var(--mono); }
@media (max-width: 600px) { .account section { grid-template-columns: minmax(0, 1fr); } }
`;
