import * as z from "zod";

import { CONCURRENCY_PER_ORG_CEILING, TEXT_LENGTH_MAX } from "./limits.ts";
import { pricesSchema } from "./prices.ts";

const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/**
 * What a plan can bound, beside the platform's own limits, which hold for everybody. What a plan does not name is not
 * bounded by it. Those `per…Month` count from the first of the month, UTC.
 */
export const quotasSchema = z
  .object({
    members: whole,
    scripts: whole,
    routes: whole,
    triggers: whole,
    collections: whole,
    secrets: whole,
    /** API keys bound to the org. */
    keys: whole,
    /** Machines: 0 or 1. */
    machines: whole,
    /** Domains of its own. */
    domains: whole,
    /** Data of all collections, in bytes. */
    storageBytes: whole,
    /** Runs at once on one edge. */
    concurrency: whole.min(1).max(CONCURRENCY_PER_ORG_CEILING),
    /** Requests that the org's hosts take, sustained; as many again may come in a burst. */
    requestsPerSecond: whole.min(1),
    requestsPerMonth: whole,
    /** Runs of scripts, whatever began them. */
    executionsPerMonth: whole,
    cpuMsPerMonth: whole,
    /** How long executions are kept, in days; never longer than the platform keeps them. */
    retentionDays: whole.min(1).max(365),
  })
  .partial()
  .strict();
export type Quotas = z.infer<typeof quotasSchema>;
export type QuotaName = keyof Quotas;
export const QUOTA_NAMES = Object.keys(quotasSchema.shape) as QuotaName[];

/** What holds for one org instead of its plan's; null lets it have as much as it likes of what the plan bounds. */
export const ownQuotasSchema = z.object(orNull(quotasSchema.shape)).partial().strict();
export type OwnQuotas = z.infer<typeof ownQuotasSchema>;

function orNull(shape: typeof quotasSchema.shape) {
  const entries = Object.entries(shape).map(([name, schema]) => [name, schema.unwrap().nullable()]);
  return Object.fromEntries(entries) as Record<QuotaName, z.ZodNullable<z.ZodNumber>>;
}

/** What an org may have: its plan's quotas, and its own instead of those of the same name. */
export function effectiveQuotas(plan: Quotas, own: OwnQuotas): Quotas {
  const quotas: Quotas = {};
  for (const name of QUOTA_NAMES) {
    const bound = own[name] === undefined ? plan[name] : own[name];
    if (bound !== undefined && bound !== null) quotas[name] = bound;
  }
  return quotas;
}

/** What of them the Org object checks where the thing is made. */
export const ORG_QUOTAS = ["scripts", "routes", "triggers", "collections", "secrets"] as const;

/** How much an org has of what its object counts; of `storageBytes`, as far as its collections have told. */
export type OrgCounts = Record<(typeof ORG_QUOTAS)[number] | "storageBytes", number>;

/** What of them the edges check. */
export const EDGE_QUOTAS = [
  "requestsPerSecond",
  "requestsPerMonth",
  "executionsPerMonth",
  "cpuMsPerMonth",
  "concurrency",
] as const;
export type EdgeQuotas = Pick<Quotas, (typeof EDGE_QUOTAS)[number]>;

export const planNameSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, "must be 1 to 40 lower-case letters, digits and hyphens");

/** What a platform's admins offer. */
export const planSchema = z.object({
  name: planNameSchema,
  title: z.string().trim().min(1).max(TEXT_LENGTH_MAX),
  quotas: quotasSchema,
  /** What use costs; nothing of it is counted in money where there are none. */
  prices: pricesSchema.default({}),
});
export type Plan = z.infer<typeof planSchema>;

/** The plan of an org that nobody has given another. It is always there; its quotas may be changed. */
export const DEFAULT_PLAN = "default";
