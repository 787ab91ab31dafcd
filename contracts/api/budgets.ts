import * as z from "zod";

import { budgetSchema } from "../budgets.ts";
import { costSchema } from "../prices.ts";
import { endpoint, timestamp } from "./endpoint.ts";
import { orgParams } from "./orgs.ts";

const standingSchema = z.object({
  /** Null where the org may cost whatever it costs. */
  budget: budgetSchema.nullable(),
  /** The currency that a budget has to be in: that of the platform's prices; null where nothing has a price. */
  currency: z.string().nullable(),
  /** What the org cost since `monthAt`; null where its plan has no prices. */
  spent: costSchema.nullable(),
  /** How much of the budget that is, in whole hundredths; null without a budget. */
  spentPercent: z.number().int().nullable(),
  /** The first of the month, UTC. */
  monthAt: timestamp,
  /** The first of the next, when it begins anew. */
  resetsAt: timestamp,
});

export const getBudget = endpoint({
  id: "getBudget",
  method: "GET",
  path: "/orgs/{slug}/budget",
  tag: "Plans",
  summary: "Say what an org may cost this month, and what it cost so far",
  capability: "usage:read",
  params: orgParams,
  response: standingSchema,
  errors: ["not_found"],
});

export const putBudget = endpoint({
  id: "putBudget",
  method: "PUT",
  path: "/orgs/{slug}/budget",
  tag: "Plans",
  summary: "Set what an org may cost in a month, when its owners are warned, and whether it stops",
  capability: "org:write",
  params: orgParams,
  body: budgetSchema,
  response: standingSchema,
  errors: ["not_found", "invalid", "conflict"],
});

export const deleteBudget = endpoint({
  id: "deleteBudget",
  method: "DELETE",
  path: "/orgs/{slug}/budget",
  tag: "Plans",
  summary: "Let an org cost whatever it costs",
  capability: "org:write",
  params: orgParams,
  errors: ["not_found"],
});
