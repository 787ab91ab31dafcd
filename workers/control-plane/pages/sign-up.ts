import type { Context } from "hono";
import { html } from "hono/html";

import { findSignInMethods } from "../auth/methods.ts";
import type { AppTypes } from "../mount.ts";
import { renderPage } from "./page.ts";
import { emailField, PROBLEM } from "./parts.ts";
import { SIGN_UP_SCRIPT } from "./scripts/entry.ts";

/** `GET /sign-up`: asks for an account where anybody may; the link that makes it comes by mail. */
export async function signUpPage(context: Context<AppTypes>): Promise<Response> {
  const { signUp } = await findSignInMethods(context.var.scope);
  const closed = html`
    <div class="stack">
      <h1>Accounts are by invitation</h1>
      <p class="quiet">Ask whoever runs this platform, or somebody of your org, to invite you.</p>
      <div class="actions"><a class="main" href="/sign-in">Sign in</a></div>
    </div>
  `;
  if (!signUp) return renderPage(context, { title: "Make an account", main: closed, narrow: true });
  const main = html`
    <div id="asking">
      <div class="stack">
        <h1>Make an account</h1>
        <p class="quiet">A letter brings the link that completes it.</p>
      </div>
      <form method="post">
        ${emailField(true, "email")} ${PROBLEM}
        <div class="actions between">
          <button class="main">Send the link</button><a class="hint" href="/sign-in">Sign in instead</a>
        </div>
      </form>
    </div>
    <div class="stack" id="done" hidden>
      <h1>Look into your mail</h1>
      <p class="quiet">A letter is on its way. Its link completes the account.</p>
      <div class="actions"><a href="/sign-in">Back to signing in</a></div>
    </div>
  `;
  return renderPage(context, { title: "Make an account", main, narrow: true, script: SIGN_UP_SCRIPT });
}
