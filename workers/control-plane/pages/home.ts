import type { Context } from "hono";
import { html } from "hono/html";

import { PAGE_SIZE_MAX } from "../../../contracts/limits.ts";
import { listOrgs } from "../api/orgs.ts";
import { findPrincipal, type Principal } from "../auth/principal.ts";
import { orgUrl } from "../env.ts";
import type { AppTypes } from "../mount.ts";
import { navigationOf } from "./navigation.ts";
import { renderPage } from "./page.ts";
import { ASK, SIGN_OUT } from "./scripts/ask.ts";

const DOCS = html`<a href="/api/docs">API</a>`;

/** `GET /`: the orgs of who is signed in, or what this place is. */
export async function homePage(context: Context<AppTypes>): Promise<Response> {
  const principal = await findPrincipal(context.var.scope, context.req.raw.headers);
  return principal === null ? welcome(context) : overview(context, principal);
}

function welcome(context: Context<AppTypes>): Response | Promise<Response> {
  const main = html`
    <div class="stack">
      <h1>An edge cloud of islands</h1>
      <p class="quiet">
        Every org lives on its own: its scripts run in isolates of their own, answer on a host of their own, and see
        nothing of the others.
      </p>
      <div class="actions"><a class="main" href="/sign-in">Sign in</a> ${DOCS}</div>
    </div>
  `;
  return renderPage(context, { title: "Welcome", main, narrow: true });
}

async function overview(context: Context<AppTypes>, principal: Principal): Promise<Response> {
  const { scope } = context.var;
  for (const cookie of principal.setCookies) context.header("set-cookie", cookie, { append: true });
  const { rows, cursor } = await listOrgs(scope, principal, PAGE_SIZE_MAX);
  const items = rows.map(({ org }) => {
    const url = orgUrl(scope.env, org.slug);
    return html`<li>
      <span>${org.name}</span>
      <a class="mono" href="${url}">${url.replace(/^https?:\/\//, "")}</a>
      <span class="state ${org.state} quiet">${org.state}</span>
    </li>`;
  });
  const empty = html`
    <p class="quiet">None yet. Make the first one and put a script on it:</p>
    <pre>
npx isola login --url ${scope.env.PUBLIC_URL}
npx isola orgs create hello
npx isola deploy examples/hello.ts --org hello --name hello --route "GET /"</pre>
  `;
  const more =
    cursor === null
      ? ""
      : html`<p class="quiet">The first ${PAGE_SIZE_MAX}; <code>isola orgs list --all</code> has the rest.</p>`;
  const main = html`<div class="stack wide">
    <h1>Orgs</h1>
    ${
      items.length === 0
        ? empty
        : html`<ul class="rows">
            ${items}
          </ul>`
    }
    ${more}
  </div>`;
  const navigation = navigationOf(scope, principal);
  return renderPage(context, { title: "Orgs", navigation, main, script: ASK + SIGN_OUT });
}
