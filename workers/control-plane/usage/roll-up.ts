import { and, inArray, isNull, lt, ne, or, sql } from "drizzle-orm";

import { USAGE_ORGS_AT_ONCE, USAGE_ORGS_PER_PASS, USAGE_PASS_MS, USAGE_SETTLED_MS } from "../../../contracts/limits.ts";
import { hourStart, USAGE_HOUR_MS, type UsageHour } from "../../../contracts/usage.ts";
import type { Queries } from "../database/connect.ts";
import { org, usageHour } from "../database/schema.ts";
import { reportFailure } from "../report.ts";
import type { Scope } from "../scope.ts";

type Due = Pick<typeof org.$inferSelect, "id" | "usageUntil">;
interface Copied {
  orgId: string;
  hours: UsageHour[];
}

/** Rows of one insert. */
const ROWS_PER_INSERT = 500;

/**
 * Looks what orgs store, and copies their hours that are over to the database, each org once an hour. Whole hours are
 * copied as they are, so that a pass that is repeated changes nothing; one that was cut off, or did not happen, is made
 * up for by the next; and what comes late to an hour is copied with the next hour.
 */
export async function rollUpUsage(scope: Scope, now: number): Promise<void> {
  const until = hourStart(now - USAGE_SETTLED_MS);
  const due = await scope.database
    .select({ id: org.id, usageUntil: org.usageUntil })
    .from(org)
    .where(and(ne(org.state, "destroying"), or(isNull(org.usageUntil), lt(org.usageUntil, new Date(until)))))
    .orderBy(sql`${org.usageUntil} nulls first`)
    .limit(USAGE_ORGS_PER_PASS);
  const endsAt = Date.now() + USAGE_PASS_MS;
  for (let start = 0; start < due.length && Date.now() < endsAt; start += USAGE_ORGS_AT_ONCE) {
    const group = due.slice(start, start + USAGE_ORGS_AT_ONCE);
    const copied = (await Promise.all(group.map((row) => hoursOf(scope, row, until)))).filter((each) => each !== null);
    await scope.database.transaction(async (tx) => {
      await write(tx, copied);
      const ids = copied.map(({ orgId }) => orgId);
      if (ids.length === 0) return;
      // Not a change of the org that anybody made.
      const marked = { usageUntil: new Date(until), updatedAt: sql`${org.updatedAt}` };
      await tx.update(org).set(marked).where(inArray(org.id, ids));
    });
  }
}

/** Copies all hours of an org that is about to go, the one that is running too. */
export async function copyLastUsage(scope: Scope, orgId: string): Promise<void> {
  const hours = await scope.state.usageChanged(orgId, 0, Date.now() + USAGE_HOUR_MS);
  await write(scope.database, [{ orgId, hours }]);
}

/** An org that cannot be asked now is asked again with the next pass. */
async function hoursOf(scope: Scope, { id, usageUntil }: Due, until: number): Promise<Copied | null> {
  try {
    await scope.state.measureStorage(id);
    // An hour more than is needed: the clocks of two computers are not one.
    const since = usageUntil === null ? 0 : usageUntil.getTime() - USAGE_HOUR_MS;
    return { orgId: id, hours: await scope.state.usageChanged(id, since, until) };
  } catch (error) {
    reportFailure(scope.requestId, `the usage of ${id} is not copied`, error);
    return null;
  }
}

async function write(queries: Queries, copied: readonly Copied[]): Promise<void> {
  const rows = copied.flatMap(({ orgId, hours }) =>
    hours.map(({ hourAt, ...counts }) => ({ orgId, hourAt: new Date(hourAt), ...counts })),
  );
  for (let start = 0; start < rows.length; start += ROWS_PER_INSERT) {
    await queries
      .insert(usageHour)
      .values(rows.slice(start, start + ROWS_PER_INSERT))
      .onConflictDoUpdate({
        target: [usageHour.orgId, usageHour.hourAt],
        set: {
          requests: sql`excluded.requests`,
          executions: sql`excluded.executions`,
          failures: sql`excluded.failures`,
          cpuMs: sql`excluded.cpu_ms`,
          refused: sql`excluded.refused`,
          storageBytes: sql`excluded.storage_bytes`,
        },
      });
  }
}
