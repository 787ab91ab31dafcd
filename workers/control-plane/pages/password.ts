import type { Context } from "hono";
import { html } from "hono/html";

import { PASSWORD_RESET_TTL_S } from "../../../contracts/limits.ts";
import { requireMail } from "../mail/drivers.ts";
import type { AppTypes } from "../mount.ts";
import { renderPage } from "./page.ts";
import { emailField, newPasswordField, PROBLEM } from "./parts.ts";
import { FORGOT_SCRIPT, RESET_SCRIPT } from "./scripts/entry.ts";

const RESET_TTL_MINUTES = PASSWORD_RESET_TTL_S / 60;

/** `GET /forgot-password`: says the same whether or not there is an account. */
export function forgotPasswordPage(context: Context<AppTypes>): Response | Promise<Response> {
  requireMail(context.env);
  const main = html`
    <div id="asking">
      <div class="stack">
        <h1>Forgot the password?</h1>
        <p class="quiet">A letter brings the link to a new one.</p>
      </div>
      <form method="post">
        ${emailField()} ${PROBLEM}
        <div class="actions between">
          <button class="main">Send the link</button><a class="hint" href="/sign-in">Back to signing in</a>
        </div>
      </form>
    </div>
    <div class="stack" id="done" hidden>
      <h1>Look into your mail</h1>
      <p class="quiet">
        If there is an account with that address, a letter is on its way to it. Its link works once, within
        ${RESET_TTL_MINUTES} minutes.
      </p>
      <div class="actions"><a href="/sign-in">Back to signing in</a></div>
    </div>
  `;
  return renderPage(context, { title: "Forgot the password", main, narrow: true, script: FORGOT_SCRIPT });
}

/** `GET /reset-password?token=…` */
export function resetPasswordPage(context: Context<AppTypes>): Response | Promise<Response> {
  if ((context.req.query("token") ?? "") === "") {
    const main = html`
      <div class="stack">
        <h1>The link is missing its token</h1>
        <p class="quiet">Open the whole link of the letter, or have another one sent.</p>
        <div class="actions"><a class="main" href="/forgot-password">Send another link</a></div>
      </div>
    `;
    return renderPage(context, { title: "Choose a new password", main, narrow: true });
  }
  const main = html`
    <div id="asking">
      <div class="stack">
        <h1>Choose a new password</h1>
        <p class="quiet">Wherever you are signed in now, you will be signed out.</p>
      </div>
      <form method="post">
        ${newPasswordField("new", "New password")} ${PROBLEM}
        <div class="actions between">
          <button class="main">Set the password</button><a class="hint" href="/forgot-password">Send another link</a>
        </div>
      </form>
    </div>
    <div class="stack" id="done" hidden>
      <h1>The password is changed</h1>
      <p class="quiet">All sessions of the account were ended.</p>
      <div class="actions"><a class="main" href="/sign-in">Sign in</a></div>
    </div>
  `;
  return renderPage(context, { title: "Choose a new password", main, narrow: true, script: RESET_SCRIPT });
}
