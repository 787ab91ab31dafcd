import { and, eq, inArray, isNotNull, isNull, lt, or, sql } from "drizzle-orm";

import {
  QUOTA_WARNING_INTERVAL_MS,
  QUOTA_WARNING_ORGS_PER_PASS,
  QUOTA_WARNING_OWNERS_MAX,
  QUOTA_WARNING_PERCENT,
} from "../../../contracts/limits.ts";
import type { QuotaName } from "../../../contracts/plans.ts";
import { PERSON_ROLES } from "../../../contracts/rights.ts";
import { monthStart } from "../../../contracts/usage.ts";
import type { OrgRow } from "../access.ts";
import { audit } from "../audit/write.ts";
import type { Queries } from "../database/connect.ts";
import { member, org, plan, quotaWarning, user } from "../database/schema.ts";
import { findMailDriver } from "../mail/drivers.ts";
import { quotaLetter } from "../mail/letters.ts";
import { sendLater } from "../mail/outbox.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";
import { budgetStandingOf } from "./budget.ts";
import { detailsOf, letterOfBudget, noteBudget } from "./budget-warnings.ts";
import { standingOf } from "./standing.ts";

/** What is used up bit by bit: what it counts, and what follows when all of it is. */
const WARNED = {
  requestsPerMonth: [
    "requests of this month",
    "Until the next month, or until the plan is changed, requests are refused.",
  ],
  executionsPerMonth: [
    "runs of this month",
    "Until the next month, or until the plan is changed, scripts are not run; events wait.",
  ],
  cpuMsPerMonth: [
    "milliseconds of this month's processor time",
    "Until the next month, or until the plan is changed, scripts are not run; events wait.",
  ],
  storageBytes: ["bytes of storage", "Nothing more can be stored until something is deleted or the plan is changed."],
} as const satisfies Partial<Record<QuotaName, readonly [what: string, consequence: string]>>;
type Warned = keyof typeof WARNED;
const NAMES = Object.keys(WARNED) as Warned[];

/** A quota that is nearly or wholly used up. */
interface Reached {
  name: Warned;
  limit: number;
  used: number;
  /** {@link QUOTA_WARNING_PERCENT}, or 100. */
  percent: number;
}

/** What of an org's quotas calls for a warning. */
export function reachedOf(
  standing: readonly { name: QuotaName; limit: number | null; used: number | null }[],
): Reached[] {
  return NAMES.flatMap((name) => {
    const { limit = null, used = null } = standing.find((each) => each.name === name) ?? {};
    if (limit === null || used === null || limit === 0 || used * 100 < limit * QUOTA_WARNING_PERCENT) return [];
    return [{ name, limit, used, percent: used >= limit ? 100 : QUOTA_WARNING_PERCENT }];
  });
}

/**
 * Warns the owners of orgs that come near to what their plan allows in a month or in storage, and again when all of it is
 * used, and those of orgs with a budget when so much of it is spent as it says: by a letter, and by an entry in the org's
 * audit log; each once a month. Looks at some orgs in each pass.
 */
export async function warnOfQuotas(scope: Scope, now: number): Promise<void> {
  const names = sql.join(
    NAMES.map((name) => sql`${name}`),
    sql`, `,
  );
  const bounded = (quotas: typeof plan.quotas | typeof org.quotas) =>
    sql`jsonb_exists_any(${quotas}, array[${names}]::text[])`;
  const due = await scope.database
    .select({ org })
    .from(org)
    .innerJoin(plan, eq(plan.name, org.plan))
    .where(
      and(
        eq(org.state, "running"),
        or(isNull(org.quotasLookedAt), lt(org.quotasLookedAt, new Date(now - QUOTA_WARNING_INTERVAL_MS))),
        or(bounded(plan.quotas), bounded(org.quotas), isNotNull(org.budget)),
      ),
    )
    .orderBy(sql`${org.quotasLookedAt} nulls first`)
    .limit(QUOTA_WARNING_ORGS_PER_PASS);
  for (const row of due) {
    try {
      await lookAt(scope, row.org, now);
    } catch (error) {
      reportFailure(scope.requestId, `it is not known whether ${row.org.id} comes near to its quotas`, error);
    }
  }
}

async function lookAt(scope: Scope, row: OrgRow, now: number): Promise<void> {
  const [standing, ofBudget] = await Promise.all([
    standingOf(scope, row),
    row.budget === null ? null : budgetStandingOf(scope, row),
  ]);
  const reached = reachedOf(standing);
  await scope.database.transaction(async (tx) => {
    const fresh = await note(tx, row.id, reached, now);
    // Not a change of the org that anybody made.
    const looked = { quotasLookedAt: new Date(now), updatedAt: sql`${org.updatedAt}` };
    await tx.update(org).set(looked).where(eq(org.id, row.id));
    const spent = ofBudget === null ? null : await noteBudget(tx, row.id, ofBudget);
    if (fresh.length === 0 && spent === null) return;
    if (findMailDriver(scope.env) !== null) {
      for (const to of await ownersOf(tx, row.id)) {
        if (fresh.length > 0) await sendLater(tx, scope, letterTo(to, scope, row, fresh));
        if (spent !== null) await sendLater(tx, scope, letterOfBudget(to, row, spent, scope.env.PUBLIC_URL));
      }
    }
    const entry = {
      actor: { type: "platform" as const, id: "quotas", name: "Quotas" },
      target: row.slug,
      orgId: row.id,
    };
    if (fresh.length > 0) {
      const details = Object.fromEntries(fresh.map(({ name, limit, used }) => [name, { limit, used }]));
      await audit(tx, scope, { ...entry, action: "quota.warning", details });
    }
    if (spent !== null) await audit(tx, scope, { ...entry, action: "budget.warning", details: detailsOf(spent) });
  });
}

/** Those that nobody was warned of this month. Who is told that all is used up needs no word that most of it is. */
async function note(tx: Queries, orgId: string, reached: readonly Reached[], now: number): Promise<Reached[]> {
  if (reached.length === 0) return [];
  const monthAt = new Date(monthStart(now));
  const rows = reached.flatMap(({ name, percent }) =>
    [QUOTA_WARNING_PERCENT, 100]
      .filter((step) => step <= percent)
      .map((step) => ({ orgId, quota: name, monthAt, percent: step })),
  );
  const noted = await tx.insert(quotaWarning).values(rows).onConflictDoNothing().returning();
  return reached.filter(({ name, percent }) => noted.some((row) => row.quota === name && row.percent === percent));
}

async function ownersOf(tx: Queries, orgId: string): Promise<string[]> {
  const owners = await tx
    .select({ email: user.email })
    .from(member)
    .innerJoin(user, eq(user.id, member.userId))
    .where(
      and(
        eq(member.orgId, orgId),
        eq(member.role, "owner"),
        isNull(user.deactivatedAt),
        // A partner's address takes no mail.
        inArray(user.role, [...PERSON_ROLES]),
      ),
    )
    .orderBy(user.id)
    .limit(QUOTA_WARNING_OWNERS_MAX);
  return owners.map(({ email }) => email);
}

const NUMBER = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

function letterTo(to: string, { env }: Scope, { name, slug }: OrgRow, reached: readonly Reached[]) {
  const used = reached.map(
    (each) =>
      `${NUMBER.format(each.used)} of ${NUMBER.format(each.limit)} ${WARNED[each.name][0]} (${Math.floor((each.used / each.limit) * 100)} %)`,
  );
  const over = reached.filter(({ percent }) => percent === 100);
  const consequences = [...new Set(over.map((each) => WARNED[each.name][1]))];
  return quotaLetter({ to, org: { name, slug }, used, consequences, url: env.PUBLIC_URL });
}
