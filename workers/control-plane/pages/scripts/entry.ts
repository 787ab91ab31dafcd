import { ASK, TOKEN } from "./ask.ts";

/** Scripts of the pages by which somebody gets an account, or back into one. */

export const SETUP_SCRIPT = `${ASK}${TOKEN}
onSubmit(find("form"), async ({ email, password }) => {
  await ask("POST", "/api/v1/setup", { token, email, password });
  await ask("POST", "/api/auth/sign-in/email", { email, password });
  return go("/");
});
`;

/** The answer is the same whether or not there is an account, and so is what the page says. */
export const FORGOT_SCRIPT = `${ASK}
onSubmit(find("form"), async ({ email }) => {
  await ask("POST", "/api/auth/password/forgot", { email });
  find("#asking").hidden = true;
  show(find("#done"), true);
});
`;

export const RESET_SCRIPT = `${ASK}${TOKEN}
find("input").focus();
onSubmit(find("form"), async ({ password }) => {
  await ask("POST", "/api/auth/password/reset", { token, password });
  find("#asking").hidden = true;
  show(find("#done"), true);
});
`;

export const SIGN_UP_SCRIPT = `${ASK}
onSubmit(find("form"), async ({ email }) => {
  await ask("POST", "/api/v1/sign-up", { email });
  find("#asking").hidden = true;
  show(find("#done"), true);
});
`;

/**
 * Shows what the invitation is for and the one thing that its reader can do about it. The token is kept for this tab,
 * so that signing in first does not carry it through another address.
 */
export const INVITATION_SCRIPT = `${ASK}${TOKEN}
if (token !== "") sessionStorage.setItem("invitation", token);
const kept = sessionStorage.getItem("invitation") ?? "";
const signedInAs = find("#invitation").dataset.signedInAs;
const accept = (more) => ask("POST", "/api/v1/invitations/accept", { token: kept, ...more });
const done = () => { sessionStorage.removeItem("invitation"); return go("/"); };
const say = (invitation) => {
  const { email, org, role, invitedBy } = invitation;
  const place = org === null ? "this platform" : "the org " + org.name;
  find("h1").textContent = invitedBy === null ? "Complete your account" : "You are invited";
  find("#what").textContent = invitedBy === null ? "For " + email + "." : invitedBy + " invites " + email + " to " + place + ", as " + role + ".";
  for (const element of document.querySelectorAll("[data-email]")) {
    if (element instanceof HTMLInputElement) element.value = email;
    else element.textContent = email;
  }
};
try {
  if (kept === "") throw new Error("The link is missing its token. Open the whole link of the letter.");
  const invitation = await ask("POST", "/api/v1/invitations/look", { token: kept });
  say(invitation);
  if (signedInAs === "") show(find(invitation.hasAccount ? "#sign-in-first" : "#new"), true);
  else show(find(signedInAs.toLowerCase() === invitation.email.toLowerCase() ? "#accept" : "#somebody-else"), true);
  onSubmit(find("#accept"), async () => { await accept({}); return done(); });
  onSubmit(find("#new"), async ({ name, password }) => {
    await accept({ name, password });
    await ask("POST", "/api/auth/sign-in/email", { email: invitation.email, password });
    return done();
  });
  onSubmit(find("#somebody-else"), async () => { await ask("POST", "/api/auth/sign-out", {}); location.reload(); return new Promise(() => {}); });
} catch (error) {
  sessionStorage.removeItem("invitation");
  find("h1").textContent = "This invitation cannot be used";
  find("#what").textContent = error.message;
  show(find("#useless"), true);
}
find("#invitation").setAttribute("aria-busy", "false");
`;
