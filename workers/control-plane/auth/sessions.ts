import { and, eq, gt, ne } from "drizzle-orm";

import type { Queries } from "../database/connect.ts";
import { session } from "../database/schema.ts";

/** Ends a user's sessions but one (or none); give the transaction of the change. Answers how many were ended. */
export async function endSessions(queries: Queries, userId: string, exceptId: string | null): Promise<number> {
  const others = exceptId === null ? undefined : ne(session.id, exceptId);
  const ended = await queries
    .delete(session)
    .where(and(eq(session.userId, userId), others))
    .returning({ id: session.id });
  return ended.length;
}

/** The sessions of a user that are good, newest first. */
export function sessionsOf(queries: Queries, userId: string, now: number): Promise<(typeof session.$inferSelect)[]> {
  return queries
    .select()
    .from(session)
    .where(and(eq(session.userId, userId), gt(session.expiresAt, new Date(now))))
    .orderBy(session.createdAt)
    .then((rows) => rows.toReversed());
}
