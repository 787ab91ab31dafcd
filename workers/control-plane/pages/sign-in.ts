import type { Context } from "hono";
import { html } from "hono/html";

import type { AppTypes } from "../mount.ts";
import { renderPage } from "./page.ts";
import { SIGN_IN_SCRIPT } from "./scripts.ts";

/** `GET /sign-in` */
export function signInPage(context: Context<AppTypes>): Response | Promise<Response> {
  const main = html`
    <h1>Sign in</h1>
    <form method="post">
      <label>E-mail <input name="email" type="email" autocomplete="username" required autofocus /></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required /></label>
      <p class="problem" role="alert"></p>
      <button class="main">Sign in</button>
    </form>
  `;
  return renderPage(context, { title: "Sign in", main, narrow: true, script: SIGN_IN_SCRIPT });
}
