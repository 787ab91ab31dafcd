import * as z from "zod";

import { idSchema } from "../ids.ts";
import { TEXT_LENGTH_MAX } from "../limits.ts";
import { ORG_ROLES } from "../rights.ts";
import { slugSchema } from "../slug.ts";
import { endpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";

const name = z.string().trim().min(1).max(TEXT_LENGTH_MAX);

export const orgSchema = z.object({
  id: idSchema("org"),
  slug: z.string(),
  name: z.string(),
  driver: z.enum(["isolate"]),
  state: z.enum(["running", "destroying"]),
  /** Where the org answers. */
  url: z.string(),
  /** Your role in it; null when you act by a platform role alone. */
  role: z.enum(ORG_ROLES).nullable(),
  createdAt: timestamp,
});

/** Parameter of everything inside an org. A malformed slug is simply not there. */
export const orgParams = z.object({ slug: z.string().max(100) });

export const listOrgs = endpoint({
  id: "listOrgs",
  method: "GET",
  path: "/orgs",
  tag: "Orgs",
  summary: "List the orgs you can see",
  capability: "orgs:list",
  query: pageQuery,
  response: pageOf(orgSchema),
});

export const createOrg = endpoint({
  id: "createOrg",
  method: "POST",
  path: "/orgs",
  tag: "Orgs",
  summary: "Make an org; its host answers at once",
  capability: "orgs:create",
  body: z.object({ slug: slugSchema, name: name.optional(), driver: z.enum(["isolate"]).default("isolate") }),
  response: orgSchema,
  status: 201,
  errors: ["conflict", "invalid", "forbidden"],
});

export const getOrg = endpoint({
  id: "getOrg",
  method: "GET",
  path: "/orgs/{slug}",
  tag: "Orgs",
  summary: "Get one org",
  capability: "org:read",
  params: orgParams,
  response: orgSchema,
  errors: ["not_found"],
});

export const patchOrg = endpoint({
  id: "patchOrg",
  method: "PATCH",
  path: "/orgs/{slug}",
  tag: "Orgs",
  summary: "Change an org's name",
  capability: "org:write",
  params: orgParams,
  body: z.object({ name }),
  response: orgSchema,
  errors: ["not_found", "invalid", "forbidden"],
});

export const deleteOrg = endpoint({
  id: "deleteOrg",
  method: "DELETE",
  path: "/orgs/{slug}",
  tag: "Orgs",
  summary: "Destroy an org with everything that belongs to it",
  capability: "org:delete",
  params: orgParams,
  /** The slug again, so that nothing is destroyed by a slip. */
  query: z.object({ confirm: z.string().max(100) }),
  errors: ["not_found", "invalid", "forbidden"],
});
