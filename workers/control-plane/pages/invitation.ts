import type { Context } from "hono";
import { html } from "hono/html";

import { TEXT_LENGTH_MAX } from "../../../contracts/limits.ts";
import { findPrincipal } from "../auth/principal.ts";
import type { AppTypes } from "../mount.ts";
import { renderPage } from "./page.ts";
import { newPasswordField, PROBLEM } from "./parts.ts";
import { INVITATION_SCRIPT } from "./scripts/entry.ts";

/**
 * `GET /invitation?token=…`: says who invites to what, and offers the one thing that its reader can do: accept, sign
 * in first, make the account, or sign out of another one.
 */
export async function invitationPage(context: Context<AppTypes>): Promise<Response> {
  const principal = await findPrincipal(context.var.scope, context.req.raw.headers);
  const email = html`<strong data-email></strong>`;
  const main = html`<div id="invitation" data-signed-in-as="${principal?.user.email ?? ""}" aria-busy="true">
    <div class="stack">
      <h1>Invitation</h1>
      <p id="what" aria-live="polite">&nbsp;</p>
    </div>
    <form method="post" id="accept" hidden>
      <p class="quiet">You are signed in as ${email}.</p>
      ${PROBLEM}
      <div class="actions"><button class="main">Accept</button></div>
    </form>
    <form method="post" id="new" hidden>
      <label>E-mail <input data-email type="email" autocomplete="username" readonly /></label>
      <label>Your name <input name="name" autocomplete="name" maxlength="${TEXT_LENGTH_MAX}" required /></label>
      ${newPasswordField("new")} ${PROBLEM}
      <div class="actions"><button class="main">Make the account</button></div>
    </form>
    <div class="stack" id="sign-in-first" hidden>
      <p class="quiet">There is an account for ${email}. Sign in with it to accept.</p>
      <div class="actions"><a class="main" href="/sign-in?to=/invitation">Sign in</a></div>
    </div>
    <form method="post" id="somebody-else" hidden>
      <p>You are signed in as <strong>${principal?.user.email ?? ""}</strong>, and this is for ${email}.</p>
      <p class="quiet">Sign out to go on, or have the invitation sent to your own address.</p>
      ${PROBLEM}
      <div class="actions"><button class="main">Sign out and go on</button><a href="/">Stay</a></div>
    </form>
    <div class="stack" id="useless" hidden>
      <p class="quiet">Ask whoever invited you for a new one.</p>
      <div class="actions"><a href="/">Back to the start</a></div>
    </div>
  </div>`;
  return renderPage(context, { title: "Invitation", main, narrow: true, script: INVITATION_SCRIPT });
}
