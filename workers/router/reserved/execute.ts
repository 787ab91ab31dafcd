import { PlatformError } from "../../../contracts/errors.ts";
import { runLater } from "../dispatch/later.ts";
import { runScript } from "../dispatch/run.ts";
import { withCookie } from "../people/respond.ts";
import { visitorOf } from "../people/visitor.ts";
import { findScript } from "../resolve/org.ts";
import { accepted, prefersLater } from "./accepted.ts";
import type { Handler } from "./surroundings.ts";

const EXECUTE = "/.isola/v1/execute";

/** Runs a script by id or name, whatever the routes say; the script sees the path behind its name. */
export const execute: Handler = async (request, { original, org, env, ctx, finish }) => {
  const script = findScript(org, String(request.params["script"]));
  if (script === null || script.kind !== "endpoint") {
    throw new PlatformError("not_found", "There is no such endpoint script in this org.");
  }
  const url = new URL(original.url);
  const rest = url.pathname.slice(EXECUTE.length + 1);
  const slash = rest.indexOf("/");
  const path = `${slash < 0 ? "/" : rest.slice(slash)}${url.search}`;
  const coming = visitorOf(original, org, env);
  const visitor = coming === null ? null : await coming;
  const asked = visitor?.request ?? original;
  const run = { org, script, trigger: "execute" as const, params: {}, path };
  if (prefersLater(original)) return accepted(original, await runLater({ ...run, request: asked }, env));
  const inner = new Request(`${url.origin}${path}`, asked);
  const response = finish(await runScript({ ...run, request: inner, user: visitor?.user ?? null }, env, ctx));
  return visitor === null || visitor.setCookie === null ? response : withCookie(response, visitor.setCookie);
};
