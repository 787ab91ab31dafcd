import type { Context } from "hono";
import { html } from "hono/html";
import * as z from "zod";

import { invalidFrom, platformErrorOf } from "../../../contracts/errors.ts";
import { returnPathSchema } from "../../../contracts/return-path.ts";
import { slugProblem } from "../../../contracts/slug.ts";
import { judgeAccess } from "../access.ts";
import { getStanding, type Standing } from "../auth/principal.ts";
import { orgUrl } from "../env.ts";
import { openHost } from "../hand-over/sessions.ts";
import type { AppTypes } from "../mount.ts";
import { renderPage } from "./page.ts";

const querySchema = z.object({ to: returnPathSchema.default("/") });

/**
 * `GET /open/{slug}?to=…`: hands the visitor over to the org's host. Any site can send a browser here, and would learn by
 * it who its visitor is; so it happens without a word only for who comes from a page of ours, such as the sign-in, and
 * everybody else is asked first.
 */
export async function openPage(context: Context<AppTypes>): Promise<Response> {
  const { scope } = context.var;
  const slug = context.req.param("slug") ?? "";
  const query = querySchema.safeParse({ to: context.req.query("to") });
  if (!query.success) throw invalidFrom(query.error, "address");
  const { to } = query.data;
  const standing = await findVisitor(context, slug);
  if (standing === null) {
    const back = `/open/${encodeURIComponent(slug)}?${new URLSearchParams({ to }).toString()}`;
    return context.redirect(`/sign-in?${new URLSearchParams({ to: back }).toString()}`, 302);
  }
  const { principal } = standing;
  for (const cookie of principal.setCookies) context.header("set-cookie", cookie, { append: true });
  const access = await judgeAccess(scope, standing, "org:open", slug);
  if (comesFromUs(context)) return context.redirect((await openHost(scope, principal, access, to)).url, 303);
  const host = new URL(orgUrl(scope.env, access.org.slug)).host;
  const main = html`
    <div class="stack">
      <h1>Continue to ${access.org.name}?</h1>
      <p>
        <span class="mono">${host}</span> will learn that you are ${principal.user.name},
        <span class="mono">${principal.user.email}</span>.
      </p>
      <form method="post" data-slug="${access.org.slug}" data-to="${to}">
        <p class="problem" role="alert"></p>
        <button class="main">Continue as ${principal.user.name}</button>
      </form>
      <p><a href="/">Stay here</a></p>
    </div>
  `;
  return renderPage(context, { title: `Continue to ${access.org.name}`, main, narrow: true, script: OPEN_SCRIPT });
}

async function findVisitor(context: Context<AppTypes>, slug: string): Promise<Standing | null> {
  try {
    return await getStanding(context.var.scope, context.req.raw.headers, slugProblem(slug) === null ? slug : null);
  } catch (error) {
    if (platformErrorOf(error)?.code === "unauthenticated") return null;
    throw error;
  }
}

/** Whether a page of the control plane leads here, by what browsers alone can say (Fetch Metadata). */
function comesFromUs(context: Context<AppTypes>): boolean {
  const said = (name: string): string | undefined => context.req.header(`sec-fetch-${name}`);
  return said("site") === "same-origin" && said("mode") === "navigate" && said("dest") === "document";
}

const OPEN_SCRIPT = `
const form = document.querySelector("form");
const button = form.querySelector("button");
const problem = form.querySelector(".problem");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.textContent = "";
  button.disabled = true;
  const { slug, to } = form.dataset;
  const path = "/api/v1/orgs/" + encodeURIComponent(slug) + "/open";
  const sent = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ to }) };
  const answer = await fetch(path, sent).then((response) => response.json()).catch(() => ({}));
  if (typeof answer.url === "string") return location.replace(answer.url);
  problem.textContent = answer.error?.message ?? "The control plane did not answer. Try again.";
  button.disabled = false;
});
`;
