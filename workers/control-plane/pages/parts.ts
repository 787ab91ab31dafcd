import { html } from "hono/html";

import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from "../../../contracts/limits.ts";

/** Where a form or a list says what was refused, and what to do about it. */
export const PROBLEM = html`<p class="problem" role="alert"></p>`;

/** The fields of a new password; `id` sets apart those of one page. */
export function newPasswordField(id: string, label = "Password") {
  return html`<label>
    ${label}
    <input
      name="password"
      type="password"
      autocomplete="new-password"
      minlength="${PASSWORD_LENGTH_MIN}"
      maxlength="${PASSWORD_LENGTH_MAX}"
      aria-describedby="${id}-hint"
      required
    />
    <span class="hint" id="${id}-hint">At least ${PASSWORD_LENGTH_MIN} characters</span>
  </label>`;
}

/** The field of an address; `more` is for the one where browsers may offer passkeys. */
export function emailField(autofocus = true, autocomplete = "username") {
  return html`<label>
    E-mail
    <input
      name="email"
      type="email"
      autocomplete="${autocomplete}"
      maxlength="254"
      required
      ${autofocus ? "autofocus" : ""}
    />
  </label>`;
}

/** The field of an authenticator's code, with a hint where it needs one; `id` sets apart those of one page. */
export function codeField(id: string, hint: string | null = null) {
  const described = hint === null ? "" : html`aria-describedby="${id}-hint"`;
  return html`<label>
    Code
    <input
      class="code"
      name="code"
      inputmode="numeric"
      autocomplete="one-time-code"
      pattern="[0-9 ]{6,7}"
      title="six digits"
      ${described}
      required
    />
    ${hint === null ? "" : html`<span class="hint" id="${id}-hint">${hint}</span>`}
  </label>`;
}
