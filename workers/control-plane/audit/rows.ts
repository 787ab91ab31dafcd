import { and, asc, desc, eq, gte, lt, or, type SQL, sql } from "drizzle-orm";

import { PlatformError } from "../../../contracts/errors.ts";
import { idSchema } from "../../../contracts/ids.ts";
import type { Queries } from "../database/connect.ts";
import { auditLog, org } from "../database/schema.ts";

/** Which entries are meant; what is not named does not matter. */
export interface AuditFilter {
  /** The only chain that is looked at. */
  chain?: string | undefined;
  /** Slug or id of an org. */
  org?: string | undefined;
  /** Id or name. */
  actor?: string | undefined;
  /** What the action begins with. */
  action?: string | undefined;
  target?: string | undefined;
  requestId?: string | undefined;
  /** From this time on, before this time; epoch milliseconds. */
  from?: number | undefined;
  to?: number | undefined;
}

export type AuditRow = typeof auditLog.$inferSelect;
/** The place of an entry among all: no two have the same, and new ones come at the end. */
type Place = Pick<AuditRow, "at" | "seq" | "id">;

const orgId = idSchema("org");
/** The end of the year 9999, in epoch milliseconds. */
const AUDIT_AT_MAX = 253_402_300_799_999;
const CURSOR = /^(\d{1,16})\|(\d{1,16})\|(aud_[0-9a-z]{1,40})$/;

/** A page of entries, and one more where there are more. */
export async function auditRows(
  queries: Queries,
  filter: AuditFilter,
  order: "newest" | "oldest",
  after: Place | null,
  limit: number,
): Promise<AuditRow[]> {
  const direction = order === "newest" ? desc : asc;
  return queries
    .select()
    .from(auditLog)
    .where(and(matching(filter), after === null ? undefined : beyond(after, order)))
    .orderBy(direction(auditLog.at), direction(auditLog.seq), direction(auditLog.id))
    .limit(limit);
}

/** How many entries there are, counted no further than one beyond `max`. */
export async function countAuditRows(queries: Queries, filter: AuditFilter, max: number): Promise<number> {
  const found = queries
    .select({ one: sql`1` })
    .from(auditLog)
    .where(matching(filter))
    .limit(max + 1);
  const { rows } = await queries.execute<{ count: number }>(
    sql`select count(*)::int as count from (${found}) as found`,
  );
  return rows[0]?.count ?? 0;
}

/** A place as a cursor's key, and read back. */
export const keyOfPlace = ({ at, seq, id }: Place): string => `${at.getTime()}|${seq}|${id}`;

/** Throws `invalid` for what {@link keyOfPlace} did not make. */
export function placeOfKey(key: string | null): Place | null {
  if (key === null) return null;
  const [, at, seq, id] = CURSOR.exec(key) ?? [];
  if (at === undefined || seq === undefined || id === undefined || Number(at) > AUDIT_AT_MAX) {
    throw new PlatformError("invalid", "This cursor is not one that a list gave. Start again without it.", {
      issues: [{ field: "cursor", reason: "is not one that a list gave" }],
    });
  }
  return { at: new Date(Number(at)), seq: Number(seq), id };
}

function matching(filter: AuditFilter): SQL | undefined {
  const { chain, actor, action, target, requestId, from, to } = filter;
  return and(
    chain === undefined ? undefined : eq(auditLog.chain, chain),
    filter.org === undefined ? undefined : ofOrg(filter.org),
    actor === undefined ? undefined : or(eq(auditLog.actorId, actor), eq(auditLog.actorName, actor)),
    action === undefined ? undefined : sql`starts_with(${auditLog.action}, ${action})`,
    target === undefined ? undefined : eq(auditLog.target, target),
    requestId === undefined ? undefined : eq(auditLog.requestId, requestId),
    from === undefined ? undefined : gte(auditLog.at, new Date(from)),
    to === undefined ? undefined : lt(auditLog.at, new Date(to)),
  );
}

function ofOrg(slugOrId: string): SQL {
  if (orgId.safeParse(slugOrId).success) return eq(auditLog.chain, slugOrId);
  return sql`${auditLog.chain} = (select ${org.id} from ${org} where ${org.slug} = ${slugOrId})`;
}

function beyond({ at, seq, id }: Place, order: "newest" | "oldest"): SQL {
  const place = sql`(${auditLog.at}, ${auditLog.seq}, ${auditLog.id})`;
  const other = sql`(${at.toISOString()}::timestamptz, ${seq}::bigint, ${id}::text)`;
  return order === "newest" ? sql`${place} < ${other}` : sql`${place} > ${other}`;
}
