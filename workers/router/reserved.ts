import { Router, type IRequest } from "itty-router";

import { PlatformError } from "../../contracts/errors.ts";
import { execute } from "./reserved/execute.ts";
import { execution } from "./reserved/executions.ts";
import { beginSignIn, me, signOut, takeHandOver } from "./reserved/people.ts";
import { only, type Surroundings } from "./reserved/surroundings.ts";
import { webhook } from "./reserved/webhooks.ts";

const router = Router<IRequest, [Surroundings]>({ base: "/.isola" })
  .get(
    "/healthz",
    () => new Response("ok\n", { headers: { "content-type": "text/plain", "cache-control": "no-store" } }),
  )
  .get("/version", (_: IRequest, { env }: Surroundings) => Response.json({ product: "isola", version: env.VERSION }))
  .post("/v1/execute/:script/:rest*", execute)
  .post("/v1/execute/:script", execute)
  .get("/v1/executions/:id", execution)
  .post("/v1/webhooks/:trigger", webhook)
  .get("/sso", takeHandOver)
  .get("/sign-in", beginSignIn)
  .post("/sign-out", signOut)
  .get("/v1/me", me)
  .all("/healthz", only("GET"))
  .all("/version", only("GET"))
  .all("/v1/execute/*", only("POST"))
  .all("/v1/executions/:id", only("GET"))
  .all("/v1/webhooks/:trigger", only("POST"))
  .all("/sso", only("GET"))
  .all("/sign-in", only("GET"))
  .all("/sign-out", only("POST"))
  .all("/v1/me", only("GET"))
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
