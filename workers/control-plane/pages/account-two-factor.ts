import { html } from "hono/html";

import { codeField, PROBLEM } from "./parts.ts";

/** The second factor of an account: its state, the way to it (QR code, recovery codes, first code), and away from it. */
export function twoFactorSection(isOn: boolean, hasPassword: boolean) {
  const needsPassword = html`<p class="quiet">A code besides the password; it needs an account with a password.</p>`;
  return html`<section>
    <h2>Two-factor sign-in ${isOn ? html`<span class="badge on">on</span>` : html`<span class="badge">off</span>`}</h2>
    <div>${hasPassword ? (isOn ? "" : OFFER) : needsPassword} ${isOn ? SWITCH_OFF : ""} ${ENROL}</div>
  </section>`;
}

const passwordField = html`<label>
  Your password
  <input name="password" type="password" autocomplete="current-password" maxlength="200" required />
</label>`;

const OFFER = html`<div class="stack">
  <p class="quiet">Besides the password, an authenticator app's code is needed to sign in.</p>
  <div class="actions"><button type="button" id="two-factor-on">Switch on</button></div>
</div>`;

const SWITCH_OFF = html`<div class="stack">
  <p class="quiet">Signing in with the password takes a code of your authenticator app as well.</p>
  <div class="actions"><button type="button" class="danger" id="two-factor-off">Switch off</button></div>
</div>`;

const ENROL = html`<form method="post" id="two-factor-password" hidden>
    ${passwordField} ${PROBLEM}
    <div class="actions"><button class="main">Go on</button></div>
  </form>
  <form method="post" id="two-factor-disable" hidden>
    ${passwordField}
    <p class="hint">After this, the password alone signs you in, and your recovery codes are worth nothing.</p>
    ${PROBLEM}
    <div class="actions"><button class="danger">Switch off now</button></div>
  </form>
  <div class="enrol" id="enrol" hidden>
    <div class="stack">
      <h3>1. Scan this with an authenticator app</h3>
      <img id="qr-code" alt="QR code for an authenticator app" width="184" height="184" />
      <p class="hint">Or type this secret into it: <code id="secret"></code></p>
    </div>
    <div class="stack">
      <h3>2. Keep the recovery codes</h3>
      <p class="hint">Without the app, each of them signs you in once. They are not shown again.</p>
      <ol class="codes" id="recovery-codes"></ol>
      <div class="actions">
        <button type="button" id="copy-codes">Copy</button>
        <button type="button" id="download-codes">Download</button>
      </div>
    </div>
    <form method="post" id="two-factor-confirm">
      <h3>3. Enter the code that the app shows</h3>
      ${codeField("two-factor")} ${PROBLEM}
      <div class="actions"><button class="main">Switch on</button></div>
    </form>
  </div>`;
