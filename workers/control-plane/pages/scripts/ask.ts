/**
 * What the scripts of all pages begin with. `ask` sends JSON and throws the refusal's message; `attempt` runs work of
 * one part of a page while its buttons rest, and shows a refusal in place, with its next step; `go` leaves the page.
 */
export const ASK = `
const find = (selector, root = document) => root.querySelector(selector);
const ask = async (method, path, body) => {
  const init = body === undefined ? { method } : { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, init).catch(() => {
    throw new Error("The control plane cannot be reached. Look at your connection and try again.");
  });
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  const refusal = new Error(answer?.error?.message ?? "The control plane did not answer as it should. Try again.");
  refusal.code = answer?.error?.code;
  throw refusal;
};
const attempt = async (place, work) => {
  const problem = find(".problem", place);
  const buttons = place.querySelectorAll("button");
  problem.textContent = "";
  for (const button of buttons) button.disabled = true;
  try {
    return await work();
  } catch (error) {
    problem.textContent = error.message;
    return undefined;
  } finally {
    for (const button of buttons) button.disabled = false;
  }
};
const onSubmit = (form, work) => form.addEventListener("submit", async (event) => {
  event.preventDefault();
  await attempt(form, () => work(Object.fromEntries(new FormData(form))));
  if (find(".problem", form).textContent === "") return;
  const field = find("input[type=password]", form) ?? find("input", form);
  field?.focus();
  field?.select();
});
const go = (path) => { location.replace(path); return new Promise(() => {}); };
const show = (element, focus) => { element.hidden = false; if (focus) find("input:not([readonly]), button, a", element)?.focus(); };
`;

/** Takes a link's token out of the address, so that neither history nor a glance over the shoulder shows it. */
export const TOKEN = `
const token = new URLSearchParams(location.search).get("token") ?? "";
history.replaceState(null, "", location.pathname);
`;

/** For the button that every page of somebody who is signed in has. */
export const SIGN_OUT = `
find("#sign-out")?.addEventListener("click", async () => {
  await ask("POST", "/api/auth/sign-out", {}).catch(() => {});
  location.replace("/");
});
`;
