import * as z from "zod";

import { egressListsSchema } from "../egress/list.ts";
import { idSchema } from "../ids.ts";
import { CONCURRENCY_PER_ORG_CEILING, TEXT_LENGTH_MAX } from "../limits.ts";
import { DRIVERS, machineSpecSchema } from "../machines.ts";
import { DEFAULT_PLAN, ownQuotasSchema, planNameSchema, quotasSchema } from "../plans.ts";
import { ORG_STATES } from "../projection.ts";
import { ORG_ROLES } from "../rights.ts";
import { someScriptLimitsSchema } from "../script-limits.ts";
import { slugSchema } from "../slug.ts";
import { endpoint, pageOf, pageQuery, timestamp } from "./endpoint.ts";

const name = z.string().trim().min(1).max(TEXT_LENGTH_MAX);

export const orgSchema = z.object({
  id: idSchema("org"),
  slug: z.string(),
  name: z.string(),
  /** What its requests go to; a machine that is being given to it shows at `/machine`. */
  driver: z.enum(DRIVERS),
  state: z.enum(ORG_STATES),
  /** Why it is suspended, and whether its own people may end that; null while it is not. */
  suspended: z.object({ by: z.enum(["org", "platform"]), reason: z.string().nullable() }).nullable(),
  /** Where the org answers. */
  url: z.string(),
  /** Your role in it; null when you act by a platform role alone. */
  role: z.enum(ORG_ROLES).nullable(),
  createdAt: timestamp,
});

const concurrencyMax = z.number().int().min(1).max(CONCURRENCY_PER_ORG_CEILING);

/** What holds for all scripts of an org. */
export const orgSettingsSchema = z.object({
  /** Hosts that scripts may and may not reach: names, `*.example.com`, public addresses; an empty `allow` means all. */
  egress: z.object({ allow: z.array(z.string()), deny: z.array(z.string()) }),
  /** Runs at once on one edge. */
  concurrencyMax,
  /** The most that any script of the org may ask for, where that is less than the platform's own. */
  ceilings: someScriptLimitsSchema,
});

/** What an admin changes of them: each that is named replaces the one before. All but the first are the platform's to set. */
const orgSettingsPatch = {
  egress: egressListsSchema.partial().strict().optional(),
  concurrencyMax: concurrencyMax.optional(),
  ceilings: someScriptLimitsSchema.strict().optional(),
  plan: planNameSchema.optional(),
  /** What holds for this org instead of its plan's: all of it; null for as much as it likes. */
  quotas: ownQuotasSchema.optional(),
};

const orgDetailSchema = orgSchema.extend({
  /** Null while the org is being destroyed. */
  settings: orgSettingsSchema.nullable(),
  plan: planNameSchema,
  /** What the org may have: its plan's, and its own instead of those of the same name. */
  quotas: quotasSchema,
  ownQuotas: ownQuotasSchema,
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
  body: z.object({
    slug: slugSchema,
    name: name.optional(),
    /** With another than `isolate` the org is `provisioning` first; follow it at `/machine/progress`. */
    driver: z.enum(DRIVERS).default("isolate"),
    /** What its machine shall be; not for `isolate`. */
    machine: machineSpecSchema.optional(),
    /** Needs `orgs:limit` where it is another than the default. */
    plan: planNameSchema.default(DEFAULT_PLAN),
  }),
  response: orgSchema,
  status: 201,
  errors: ["conflict", "invalid", "forbidden"],
});

export const getOrg = endpoint({
  id: "getOrg",
  method: "GET",
  path: "/orgs/{slug}",
  tag: "Orgs",
  summary: "Get one org with its settings",
  capability: "org:read",
  params: orgParams,
  response: orgDetailSchema,
  errors: ["not_found"],
});

export const patchOrg = endpoint({
  id: "patchOrg",
  method: "PATCH",
  path: "/orgs/{slug}",
  tag: "Orgs",
  summary:
    "Change an org's name, settings or plan; `concurrencyMax`, `ceilings`, `plan` and `quotas` need `orgs:limit`",
  capability: "org:write",
  params: orgParams,
  body: z
    .object({ name: name.optional(), ...orgSettingsPatch })
    .refine((patch) => Object.values(patch).some((value) => value !== undefined), {
      message: "must name something to change: name, egress, concurrencyMax, ceilings, plan or quotas",
    }),
  response: orgDetailSchema,
  errors: ["not_found", "invalid", "forbidden", "conflict"],
});

export const suspendOrg = endpoint({
  id: "suspendOrg",
  method: "POST",
  path: "/orgs/{slug}/suspend",
  tag: "Orgs",
  summary: "Have an org's hosts answer 503 and its scripts rest, until it is resumed; nothing is lost",
  capability: "org:suspend",
  params: orgParams,
  body: z
    .object({ reason: z.string().trim().min(1).max(TEXT_LENGTH_MAX).optional() })
    .strict()
    .optional(),
  response: orgSchema,
  errors: ["not_found", "conflict", "forbidden"],
});

export const resumeOrg = endpoint({
  id: "resumeOrg",
  method: "POST",
  path: "/orgs/{slug}/resume",
  tag: "Orgs",
  summary: "Have a suspended org answer again; what the platform suspended only the platform resumes",
  capability: "org:suspend",
  params: orgParams,
  response: orgSchema,
  errors: ["not_found", "conflict", "forbidden"],
});

export const renameOrg = endpoint({
  id: "renameOrg",
  method: "POST",
  path: "/orgs/{slug}/rename",
  tag: "Orgs",
  summary: "Give an org another slug; the one before leads to it for 30 days",
  capability: "org:rename",
  params: orgParams,
  body: z.object({ slug: slugSchema }).strict(),
  response: orgSchema,
  errors: ["not_found", "conflict", "invalid"],
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
