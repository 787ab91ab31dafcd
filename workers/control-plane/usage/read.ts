import { and, asc, eq, gt, gte, lt, type SQL, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";

import { USAGE_RECENT_MS } from "../../../contracts/limits.ts";
import type { Prices } from "../../../contracts/prices.ts";
import { hourStart } from "../../../contracts/usage.ts";
import type { OrgRow } from "../access.ts";
import { org, plan, usageHour } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import type { Period, Step } from "./period.ts";
import { sumBySteps, sumOfHour, type UsageSum } from "./sums.ts";

/**
 * What an org used, oldest first: the last days and what is not copied yet from its object, which is exact to the
 * second, everything before that from the database.
 */
export async function usageOf(
  scope: Scope,
  { id, usageUntil }: Pick<OrgRow, "id" | "usageUntil">,
  { from, to }: Period,
  step: Step,
  now: number,
): Promise<UsageSum[]> {
  const copied = usageUntil?.getTime() ?? 0;
  const recent = Math.max(from, Math.min(copied, hourStart(now - USAGE_RECENT_MS)));
  const old = recent > from ? await storedUsage(scope, id, { from, to: Math.min(recent, to) }, step) : [];
  const hours = recent < to ? await scope.state.usageHours(id, recent, to) : [];
  return sumBySteps([...old, ...hours.map(sumOfHour)], step);
}

const sums = {
  requests: sum(usageHour.requests),
  executions: sum(usageHour.executions),
  failures: sum(usageHour.failures),
  cpuMs: sum(usageHour.cpuMs),
  refused: sum(usageHour.refused),
  storageBytes: sql<number | null>`(array_agg(${usageHour.storageBytes} order by ${usageHour.hourAt} desc)
    filter (where ${usageHour.storageBytes} is not null))[1]`.mapWith((bytes) =>
    bytes === null ? null : Number(bytes),
  ),
  storageByteHours: sql<number>`coalesce(sum(${usageHour.storageBytes}), 0)`.mapWith(Number),
};

function sum(column: AnyPgColumn): SQL<number> {
  return sql<number>`sum(${column})`.mapWith(Number);
}

async function storedUsage({ database }: Scope, orgId: string, period: Period, step: Step): Promise<UsageSum[]> {
  const at = sql<number>`extract(epoch from date_trunc(${sql.raw(`'${step}'`)}, ${usageHour.hourAt}, 'UTC')) * 1000`;
  return database
    .select({ at: at.mapWith(Number), ...sums })
    .from(usageHour)
    .where(and(eq(usageHour.orgId, orgId), within(period)))
    .groupBy(at)
    .orderBy(at);
}

/** What each org used, as far as it is copied to the database, and its prices; by id, one more than `limit`. */
export async function usageByOrg(
  { database }: Scope,
  period: Period,
  { after, limit }: { after: string | null; limit: number },
): Promise<(Omit<UsageSum, "at"> & { orgId: string; slug: string | null; prices: Prices | null })[]> {
  return database
    .select({ orgId: usageHour.orgId, slug: org.slug, prices: plan.prices, ...sums })
    .from(usageHour)
    .leftJoin(org, eq(org.id, usageHour.orgId))
    .leftJoin(plan, eq(plan.name, org.plan))
    .where(and(within(period), after === null ? undefined : gt(usageHour.orgId, after)))
    .groupBy(usageHour.orgId, org.slug, plan.prices)
    .orderBy(asc(usageHour.orgId))
    .limit(limit + 1);
}

const within = ({ from, to }: Period) => and(gte(usageHour.hourAt, new Date(from)), lt(usageHour.hourAt, new Date(to)));
