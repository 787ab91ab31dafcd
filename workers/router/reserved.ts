import { Router, type IRequest } from "itty-router";

import { PlatformError } from "../../contracts/errors.ts";
import { runScript, type RunResult } from "./dispatch/run.ts";
import type { RouterContext, RouterEnv } from "./env.ts";
import { findScript, type ResolvedOrg } from "./resolve/org.ts";

/** What a handler of the reserved surface is given besides the request. */
interface Surroundings {
  original: Request;
  org: ResolvedOrg;
  env: RouterEnv;
  ctx: RouterContext;
  finish: (result: RunResult) => Response;
}

const EXECUTE = "/.isola/v1/execute";

const router = Router<IRequest, [Surroundings]>({ base: "/.isola" })
  .get(
    "/healthz",
    () => new Response("ok\n", { headers: { "content-type": "text/plain", "cache-control": "no-store" } }),
  )
  .get("/version", (_: IRequest, { env }: Surroundings) => Response.json({ product: "isola", version: env.VERSION }))
  .post("/v1/execute/:script/:rest*", execute)
  .post("/v1/execute/:script", execute)
  .all("/healthz", () => notAllowed("GET"))
  .all("/version", () => notAllowed("GET"))
  .all("/v1/execute/*", () => notAllowed("POST"))
  .all("*", () => {
    throw new PlatformError(
      "not_found",
      "Paths under /.isola belong to the platform, and there is nothing at this one.",
    );
  });

/** Answers the part of a tenant's host that belongs to the platform (T4). Throws `PlatformError`s. */
export function reserved(request: Request, surroundings: Omit<Surroundings, "original">): Promise<Response> {
  const bare = { url: request.url, method: request.method } as IRequest;
  return router.fetch(bare, { ...surroundings, original: request });
}

/** Whether a raw path lies in the reserved surface. */
export function isReserved(path: string): boolean {
  return path.startsWith("/.isola") && (path.length === 7 || path[7] === "/" || path[7] === "?");
}

/** Runs a script by id or name, whatever the routes say; the script sees the path behind its name. */
async function execute(request: IRequest, { original, org, env, ctx, finish }: Surroundings): Promise<Response> {
  const script = findScript(org, String(request.params["script"]));
  if (script === null || script.kind !== "endpoint") {
    throw new PlatformError("not_found", "There is no such endpoint script in this org.");
  }
  const url = new URL(original.url);
  const rest = url.pathname.slice(EXECUTE.length + 1);
  const slash = rest.indexOf("/");
  const path = `${slash < 0 ? "/" : rest.slice(slash)}${url.search}`;
  const inner = new Request(`${url.origin}${path}`, original);
  return finish(await runScript({ org, script, trigger: "execute", params: {}, request: inner, path }, env, ctx));
}

function notAllowed(method: string): never {
  throw new PlatformError("method_not_allowed", `Use ${method} here.`, { allow: [method] });
}
