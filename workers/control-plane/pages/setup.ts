import type { Context } from "hono";
import { html } from "hono/html";

import { isClaimed } from "../auth/owner.ts";
import type { AppTypes } from "../mount.ts";
import { renderPage } from "./page.ts";
import { SETUP_SCRIPT } from "./scripts/entry.ts";

/** `GET /setup?token=…`: the first owner's account. */
export async function setupPage(context: Context<AppTypes>): Promise<Response> {
  if (await isClaimed(context.var.scope)) {
    const main = html`
      <div class="stack">
        <h1>This platform has an owner</h1>
        <p class="quiet">The set-up link has done its work. Sign in, or ask the owner for an account.</p>
        <div class="actions"><a class="main" href="/sign-in">Sign in</a></div>
      </div>
    `;
    return renderPage(context, { title: "Set up", main, narrow: true });
  }
  if ((context.req.query("token") ?? "") === "") {
    const main = html`
      <div class="stack">
        <h1>The set-up link is missing its token</h1>
        <p class="quiet">Open the whole link that the start of the platform has printed in the terminal.</p>
      </div>
    `;
    return renderPage(context, { title: "Set up", main, narrow: true });
  }
  const main = html`
    <div class="stack">
      <h1>Make this platform yours</h1>
      <p class="quiet">The first account owns it. The link works once.</p>
    </div>
    <form method="post">
      <label>E-mail <input name="email" type="email" autocomplete="username" required autofocus /></label>
      <label>
        Password
        <input
          name="password"
          type="password"
          autocomplete="new-password"
          minlength="12"
          maxlength="200"
          aria-describedby="password-hint"
          required
        />
        <span class="hint" id="password-hint">At least 12 characters</span>
      </label>
      <p class="problem" role="alert"></p>
      <button class="main">Create the owner's account</button>
    </form>
  `;
  return renderPage(context, { title: "Set up", main, narrow: true, script: SETUP_SCRIPT });
}
