import type { Context } from "hono";
import { html } from "hono/html";

import { isReturnPath } from "../../../contracts/return-path.ts";
import { findSignInMethods } from "../auth/methods.ts";
import { findPrincipal } from "../auth/principal.ts";
import { findMailDriver } from "../mail/drivers.ts";
import type { AppTypes } from "../mount.ts";
import { renderPage } from "./page.ts";
import { codeField, PROBLEM } from "./parts.ts";
import { SIGN_IN_SCRIPT } from "./scripts/sign-in.ts";

/** `GET /sign-in?to=…`: the ways in; `to` is where to go then, and counts only as a path of ours. */
export async function signInPage(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const asked = context.req.query("to") ?? "/";
  const to = isReturnPath(asked) ? asked : "/";
  if ((await findPrincipal(scope, context.req.raw.headers)) !== null) return context.redirect(to);
  const { password, passkeys, providers, signUp } = await findSignInMethods(scope);
  const forgotten =
    findMailDriver(scope.env) !== null ? html`<a class="hint" href="/forgot-password">Forgot the password?</a>` : "";
  const passwordForm = html`<form method="post" id="password">
    <label>
      E-mail
      <input
        name="email"
        type="email"
        autocomplete="${passkeys ? "username webauthn" : "username"}"
        maxlength="254"
        required
        autofocus
      />
    </label>
    <label>
      Password
      <input name="password" type="password" autocomplete="current-password" maxlength="200" required />
    </label>
    ${PROBLEM}
    <div class="actions between"><button class="main">Sign in</button>${forgotten}</div>
  </form>`;
  const others = html`<div class="others stack" id="others" ${providers.length === 0 ? "hidden" : ""}>
    ${password ? html`<p class="or quiet"><span>or</span></p>` : ""}
    ${passkeys ? html`<button type="button" id="passkey" hidden>Sign in with a passkey</button>` : ""}
    ${providers.map(({ begin, name }) => html`<button type="button" data-begin="${begin}">Sign in with ${name}</button>`)}
    ${PROBLEM}
  </div>`;
  const main = html`
    <div id="first" data-to="${to}">
      <h1>Sign in</h1>
      ${problemOf(context.req.query("error"))} ${password ? passwordForm : ""} ${others}
      ${signUp ? html`<p class="foot quiet">New here? <a href="/sign-up">Make an account</a></p>` : ""}
    </div>
    <div id="second" hidden>
      <h1>One more step</h1>
      <form method="post" id="code">
        ${codeField("code", "The six digits that your authenticator app shows for Isola now")} ${PROBLEM}
        <div class="actions between">
          <button class="main">Go on</button>
          <button class="plain" type="button" id="use-recovery">Use a recovery code</button>
        </div>
      </form>
      <form method="post" id="recovery" hidden>
        <label>
          Recovery code
          <input
            class="code"
            name="code"
            autocomplete="off"
            spellcheck="false"
            aria-describedby="recovery-hint"
            required
          />
          <span class="hint" id="recovery-hint">One of those you kept when you switched this on; each works once</span>
        </label>
        ${PROBLEM}
        <div class="actions between">
          <button class="main">Go on</button>
          <button class="plain" type="button" id="use-code">Use the app's code</button>
        </div>
      </form>
      <p class="foot quiet"><a href="/sign-in?${new URLSearchParams({ to }).toString()}">Start over</a></p>
    </div>
  `;
  return renderPage(context, { title: "Sign in", main, narrow: true, script: SIGN_IN_SCRIPT });
}

/** What a provider's way back here may have ended with; the words are ours, whatever the address says. */
const PROBLEMS: Record<string, string> = {
  no_account: "There is no account for you here yet. Ask whoever runs this platform for an invitation.",
  unasked: "Signing in begins here. Choose your provider on this page, and come back within ten minutes.",
  denied: "The provider did not sign you in. Try again, or use another way.",
};

function problemOf(error: string | undefined) {
  if (error === undefined) return "";
  const text = Object.hasOwn(PROBLEMS, error) ? PROBLEMS[error] : "That did not work. Try again, or use another way.";
  return html`<p class="notice" role="alert">${text}</p>`;
}
