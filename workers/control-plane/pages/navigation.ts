import { html } from "hono/html";

import type { Principal } from "../auth/principal.ts";
import { hasMailbox } from "../mail/drivers.ts";
import type { Scope } from "../scope.ts";

/** What stands at the right of the top line for somebody who is signed in. */
export function navigationOf(scope: Scope, { user: { email, role } }: Principal) {
  const mailbox = hasMailbox(scope.env) && (role === "owner" || role === "admin");
  return html`<a href="/api/docs">API</a> ${mailbox ? html`<a href="/mailbox">Mailbox</a>` : ""}
    <a href="/account"><span class="when-wide">${email}</span><span class="when-narrow">Account</span></a>
    <button class="plain" id="sign-out">Sign out</button>`;
}
