import * as z from "zod";

import { planNameSchema, planSchema, QUOTA_NAMES, type QuotaName } from "../plans.ts";
import { endpoint, pageOf, timestamp } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

const storedPlanSchema = planSchema.extend({ createdAt: timestamp, updatedAt: timestamp });
const params = z.object({ name: planNameSchema });

export const listPlans = endpoint({
  id: "listPlans",
  method: "GET",
  path: "/plans",
  tag: "Plans",
  summary: "List the plans and what each of them allows",
  capability: "plans:read",
  response: pageOf(storedPlanSchema),
});

export const putPlan = endpoint({
  id: "putPlan",
  method: "PUT",
  path: "/plans/{name}",
  tag: "Plans",
  summary: "Make a plan or change one; all orgs of the plan get its new quotas and prices",
  capability: "plans:write",
  params,
  body: planSchema.omit({ name: true }),
  response: storedPlanSchema,
  errors: ["invalid", "conflict"],
});

export const deletePlan = endpoint({
  id: "deletePlan",
  method: "DELETE",
  path: "/plans/{name}",
  tag: "Plans",
  summary: "Remove a plan that no org has",
  capability: "plans:write",
  params,
  errors: ["not_found", "conflict"],
});

export const getQuotas = endpoint({
  id: "getQuotas",
  method: "GET",
  path: "/orgs/{slug}/quotas",
  tag: "Plans",
  summary: "Say what an org may have, and how much of it there is",
  capability: "usage:read",
  params: orgParams,
  response: z.object({
    plan: z.string(),
    quotas: z.array(
      z.object({
        name: z.enum(QUOTA_NAMES as [QuotaName, ...QuotaName[]]),
        /** Null where nothing but the platform's own bounds holds. */
        limit: z.number().int().nullable(),
        /** Null where there is nothing to count: of a rate, and of how long things are kept. */
        used: z.number().nullable(),
      }),
    ),
  }),
  errors: ["not_found"],
});
