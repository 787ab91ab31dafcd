/** Scripts of the pages: they send a form as JSON and show a refusal in place, with its next step. */

const SEND = `
const form = document.querySelector("form");
const problem = document.querySelector(".problem");
const button = form.querySelector("button.main");
const send = async (path, body) => {
  const response = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (response.ok) return;
  const { error } = await response.json().catch(() => ({ error: { message: "The control plane did not answer. Try again." } }));
  throw new Error(error.message);
};
const onSubmit = (work) => form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.textContent = "";
  button.disabled = true;
  try {
    await work(Object.fromEntries(new FormData(form)));
  } catch (error) {
    problem.textContent = error.message;
    button.disabled = false;
    form.querySelector("input").focus();
  }
});
`;

export const SIGN_IN_SCRIPT = `${SEND}
onSubmit(async ({ email, password }) => {
  await send("/api/auth/sign-in/email", { email, password });
  location.replace("/");
});
`;

export const SETUP_SCRIPT = `${SEND}
const token = new URLSearchParams(location.search).get("token") ?? "";
history.replaceState(null, "", "/setup");
onSubmit(async ({ email, password }) => {
  await send("/api/v1/setup", { token, email, password });
  await send("/api/auth/sign-in/email", { email, password });
  location.replace("/");
});
`;

export const SIGN_OUT_SCRIPT = `
document.querySelector("#sign-out")?.addEventListener("click", async () => {
  await fetch("/api/auth/sign-out", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  location.replace("/");
});
`;
