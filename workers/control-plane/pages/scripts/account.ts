import { ASK, SIGN_OUT } from "./ask.ts";
import { MOMENTS } from "./moments.ts";
import { PASSKEY } from "./passkey.ts";

/** A button that destroys something asks once more, in its own place; leaving it takes the question back. */
const CONFIRM = `
for (const button of document.querySelectorAll("button[data-confirm]")) {
  const label = button.textContent;
  const reset = () => { button.textContent = label; delete button.dataset.asked; };
  button.addEventListener("blur", reset);
  button.addEventListener("click", () => {
    if (button.dataset.asked === undefined) { button.dataset.asked = ""; button.textContent = button.dataset.confirm; return; }
    reset();
    attempt(button.closest("[data-acts]"), async () => { await ask("DELETE", button.dataset.path); return reload(); });
  });
}
`;

const RENAME = `
for (const button of document.querySelectorAll("[data-rename]")) {
  const row = button.closest("li");
  const form = find(".rename", row);
  button.addEventListener("click", () => { find(".name", row).hidden = true; button.hidden = true; show(form, true); });
  onSubmit(form, async ({ name }) => { await ask("PATCH", form.dataset.path, { name }); return reload(); });
}
`;

const TWO_FACTOR = `
const enrol = find("#enrol");
let kept = "";
find("#two-factor-on")?.addEventListener("click", (event) => { event.target.hidden = true; show(find("#two-factor-password"), true); });
find("#two-factor-off")?.addEventListener("click", (event) => { event.target.hidden = true; show(find("#two-factor-disable"), true); });
onSubmit(find("#two-factor-password"), async ({ password }) => {
  const { uri, recoveryCodes } = await ask("POST", "/api/auth/two-factor/enable", { password });
  find("#two-factor-password").reset();
  const { svg } = await ask("POST", "/account/qr-code", { text: uri });
  find("#qr-code").src = "data:image/svg+xml," + encodeURIComponent(svg);
  find("#secret").textContent = new URL(uri).searchParams.get("secret").replaceAll(/(.{4})(?=.)/g, "$1 ");
  find("#recovery-codes").replaceChildren(...recoveryCodes.map((code) => Object.assign(document.createElement("li"), { textContent: code })));
  kept = recoveryCodes.join("\\n") + "\\n";
  find("#two-factor-password").hidden = true;
  show(enrol, true);
});
find("#copy-codes").addEventListener("click", async ({ target }) => {
  const done = await navigator.clipboard.writeText(kept).then(() => true, () => false);
  target.textContent = done ? "Copied" : "Select and copy them by hand";
});
find("#download-codes").addEventListener("click", () => {
  const text = "Isola recovery codes of " + find("#account").dataset.email + ". Each works once.\\n\\n" + kept;
  const link = Object.assign(document.createElement("a"), { href: "data:text/plain;charset=utf-8," + encodeURIComponent(text), download: "isola-recovery-codes.txt" });
  link.click();
});
onSubmit(find("#two-factor-confirm"), async ({ code }) => {
  await ask("POST", "/api/auth/two-factor/confirm", { code: code.replaceAll(" ", "") });
  return reload();
});
onSubmit(find("#two-factor-disable"), async ({ password }) => {
  await ask("POST", "/api/auth/two-factor/disable", { password });
  return reload();
});
`;

export const ACCOUNT_SCRIPT = `${ASK}${SIGN_OUT}${MOMENTS}${PASSKEY}
const reload = () => { location.reload(); return new Promise(() => {}); };
const say = (form, text) => { find(".said", form).textContent = text; };
onSubmit(find("#profile"), async ({ name }) => {
  say(find("#profile"), "");
  await ask("PATCH", "/api/v1/me", { name });
  say(find("#profile"), "Saved");
});
const change = find("#password");
if (change) onSubmit(change, async ({ current, password }) => {
  say(change, "");
  await ask("POST", "/api/auth/password/change", { current, password });
  change.reset();
  say(change, "Changed");
});
${CONFIRM}
${RENAME}
${TWO_FACTOR}
const add = find("#add-passkey");
if (passkeys) show(add); else show(find("#no-passkeys"));
onSubmit(add, async ({ name }) => {
  const response = await makePasskey(await ask("POST", "/api/auth/passkey/add-options", {}));
  await ask("POST", "/api/auth/passkey/add", name.trim() === "" ? { response } : { name: name.trim(), response });
  return reload();
});
`;
