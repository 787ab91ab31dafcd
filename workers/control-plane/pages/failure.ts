import type { Context } from "hono";
import { html } from "hono/html";

import type { ErrorCode, PlatformError } from "../../../contracts/errors.ts";
import type { AppTypes } from "../mount.ts";
import { renderPage } from "./page.ts";

const TITLES: Partial<Record<ErrorCode, string>> = {
  not_found: "Nothing here",
  unavailable: "Not able right now",
  internal: "Something went wrong",
};

/** A refusal for people: what happened, what to do, and the id to quote. */
export function failurePage(
  context: Context<AppTypes>,
  error: PlatformError,
  requestId: string,
): Response | Promise<Response> {
  const title = TITLES[error.code] ?? "That did not work";
  const main = html`
    <div class="stack">
      <h1>${title}</h1>
      <p>${error.message}</p>
      <p class="quiet mono">${requestId}</p>
      <div class="actions"><a href="/">Back to the start</a></div>
    </div>
  `;
  return renderPage(context, { title, main, narrow: true });
}
