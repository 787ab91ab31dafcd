import { ASK } from "./ask.ts";
import { PASSKEY } from "./passkey.ts";

/**
 * Three ways in: the password, with a code after it where the account asks for one; a passkey, which browsers that can
 * also offer in the address field; and other providers, which are whole pages elsewhere.
 */
export const SIGN_IN_SCRIPT = `${ASK}${PASSKEY}
const first = find("#first");
const second = find("#second");
const to = first.dataset.to;
const password = find("#password");
const code = find("#code");
const recovery = find("#recovery");

if (password) onSubmit(password, async ({ email, password }) => {
  const answer = await ask("POST", "/api/auth/sign-in/email", { email, password });
  if (!answer.twoFactor) return go(to);
  offered?.abort();
  first.hidden = true;
  show(second, true);
});
onSubmit(code, async ({ code }) => {
  await ask("POST", "/api/auth/two-factor/verify", { code: code.replaceAll(" ", "") });
  return go(to);
});
onSubmit(recovery, async ({ code }) => {
  await ask("POST", "/api/auth/two-factor/recover", { code: code.trim() });
  return go(to);
});
find("#use-recovery").addEventListener("click", () => { code.hidden = true; show(recovery, true); });
find("#use-code").addEventListener("click", () => { recovery.hidden = true; show(code, true); });
for (const button of document.querySelectorAll("[data-begin]")) button.addEventListener("click", () =>
  attempt(find("#others"), async () => go((await ask("POST", button.dataset.begin, { to })).url)));

let offered = null;
const byPasskey = async (more) => {
  const response = await usePasskey(await ask("POST", "/api/auth/passkey/sign-in-options", {}), more);
  await ask("POST", "/api/auth/passkey/sign-in", { response });
  return go(to);
};
const button = find("#passkey");
if (button && passkeys) {
  show(find("#others"));
  show(button);
  button.addEventListener("click", () => { offered?.abort(); return attempt(find("#others"), () => byPasskey()); });
  if (await PublicKeyCredential.isConditionalMediationAvailable?.()) {
    offered = new AbortController();
    byPasskey({ mediation: "conditional", signal: offered.signal }).catch(() => {});
  }
}
`;
