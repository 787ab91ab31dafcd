import * as z from "zod";

import { idSchema } from "../ids.ts";
import { ROUTE_DISPATCHES } from "../routing/index.ts";
import { endpoint, pageOf } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

export const routeSchema = z.object({
  id: idSchema("route"),
  script: z.object({ id: idSchema("script"), name: z.string() }),
  method: z.string(),
  host: z.string().nullable(),
  hostKind: z.enum(["any", "strict", "wildcard"]),
  path: z.string(),
  pathKind: z.enum(["exact", "param", "prefix"]),
  /** `async` answers 202 at once and runs the script later; its answer is kept. */
  dispatch: z.enum(ROUTE_DISPATCHES),
});

/** What a caller says of a route; the kinds are read off the pattern unless given. */
const routeInput = z.object({
  method: z.string().max(20).default("ANY"),
  /** A host name, `*.example.com`, or nothing for any. */
  host: z.string().max(300).nullable().optional(),
  path: z.string().max(2_000),
  pathKind: z.enum(["exact", "param", "prefix"]).optional(),
  dispatch: z.enum(ROUTE_DISPATCHES).default("sync"),
});

export const listRoutes = endpoint({
  id: "listRoutes",
  method: "GET",
  path: "/orgs/{slug}/routes",
  tag: "Routes",
  summary: "List an org's routes in the order in which they match",
  capability: "routes:read",
  params: orgParams,
  response: pageOf(routeSchema),
  errors: ["not_found"],
});

export const createRoute = endpoint({
  id: "createRoute",
  method: "POST",
  path: "/orgs/{slug}/routes",
  tag: "Routes",
  summary: "Route requests to a script",
  capability: "routes:write",
  params: orgParams,
  /** `script` is a name or an id. */
  body: routeInput.extend({ script: z.string().min(1).max(100) }),
  response: routeSchema,
  status: 201,
  errors: ["not_found", "forbidden", "conflict", "invalid"],
});

export const deleteRoute = endpoint({
  id: "deleteRoute",
  method: "DELETE",
  path: "/orgs/{slug}/routes/{id}",
  tag: "Routes",
  summary: "Delete a route",
  capability: "routes:write",
  params: orgParams.extend({ id: idSchema("route") }),
  errors: ["not_found", "forbidden"],
});

export const checkRoute = endpoint({
  id: "checkRoute",
  method: "POST",
  path: "/orgs/{slug}/routes/check",
  tag: "Routes",
  summary: "Say whether a route would conflict, without making it",
  capability: "routes:read",
  params: orgParams,
  body: routeInput,
  response: z.object({ ok: z.boolean(), conflicts: z.array(routeSchema) }),
  errors: ["not_found", "invalid"],
});

export const matchRoute = endpoint({
  id: "matchRoute",
  method: "POST",
  path: "/orgs/{slug}/routes/match",
  tag: "Routes",
  summary: "Say what answers a URL, and with which captures",
  capability: "routes:read",
  params: orgParams,
  body: z.object({ url: z.string().min(1).max(8_000), method: z.string().max(20).default("GET") }),
  response: z.object({
    route: routeSchema.nullable(),
    params: z.record(z.string(), z.string()),
    /** Methods that the path knows, when the one asked for is not among them. */
    allow: z.array(z.string()),
  }),
  errors: ["not_found", "invalid"],
});
