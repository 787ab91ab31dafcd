import type { Context } from "hono";
import { html, raw } from "hono/html";
import type { SecureHeadersVariables } from "hono/secure-headers";

import type { AppTypes } from "../mount.ts";
import { STYLE } from "./style.ts";

type Html = ReturnType<typeof html>;

/** A small island: what stands above the water, and the water. */
const MARK = html`<svg width="20" height="20" viewBox="0 0 20 20" fill="none" aria-hidden="true">
  <path d="M4 12.5c1.2-4.6 3.4-7 6-7s4.8 2.4 6 7z" fill="currentColor" />
  <path
    d="M1.5 15.5c1.4-1 2.9-1 4.3 0s2.8 1 4.2 0 2.8-1 4.2 0 2.9 1 4.3 0"
    stroke="currentColor"
    stroke-width="1.4"
    stroke-linecap="round"
  />
</svg>`;

export interface PageParts {
  title: string;
  /** What stands at the right of the top line. */
  navigation?: Html | string;
  main: Html;
  /** Narrow pages hold one form. */
  narrow?: boolean;
  style?: string;
  /** Runs after the page is there; plain text of ours, never of a user's. */
  script?: string;
}

/** Answers a whole page. Style and script stand in it and are let through by the nonce of this one answer. */
export function renderPage(context: Context<AppTypes>, parts: PageParts): Response | Promise<Response> {
  const nonce = (context as unknown as Context<{ Variables: SecureHeadersVariables }>).get("secureHeadersNonce") ?? "";
  return context.html(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>${parts.title} · Isola</title>
          <link rel="icon" href="${ICON}" />
          <style nonce="${nonce}">
            ${raw(STYLE + (parts.style ?? ""))}
          </style>
        </head>
        <body class="${parts.narrow === true ? "narrow" : ""}">
          <header class="top">
            <a class="mark" href="/">${MARK} Isola</a>
            <nav aria-label="Platform">${parts.navigation ?? ""}</nav>
          </header>
          <main>
            ${
              parts.script === undefined
                ? ""
                : html`<noscript
                    ><p class="notice">
                      This page needs JavaScript. Allow it for this address, and load the page again.
                    </p></noscript
                  >`
            }
            ${parts.main}
          </main>
          ${
            parts.script === undefined
              ? ""
              : html`<script nonce="${nonce}" type="module">
                  ${raw(parts.script)};
                </script>`
          }
        </body>
      </html>`,
  );
}

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'%3E%3Cpath d='M4 12.5c1.2-4.6 3.4-7 6-7s4.8 2.4 6 7z' fill='%230b7a75'/%3E%3Cpath d='M1.5 15.5c1.4-1 2.9-1 4.3 0s2.8 1 4.2 0 2.8-1 4.2 0 2.9 1 4.3 0' stroke='%230b7a75' stroke-width='1.4' fill='none'/%3E%3C/svg%3E";
