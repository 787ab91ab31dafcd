import { and, eq } from "drizzle-orm";

import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { audit } from "../audit/write.ts";
import { deviceOf } from "../auth/device.ts";
import { actorOf } from "../auth/principal.ts";
import { endSessions, sessionsOf } from "../auth/sessions.ts";
import { session, user } from "../database/schema.ts";
import { Mounts } from "../mount.ts";

type SessionRow = typeof session.$inferSelect;

/** One's own account: name, and where one is signed in. */
export const me = new Mounts()
  .add(ENDPOINTS.patchMe, async ({ scope, principal, body: { name } }) => {
    const { id } = principal.user;
    await scope.database.transaction(async (tx) => {
      await tx.update(user).set({ name }).where(eq(user.id, id));
      const details = { before: { name: principal.user.name }, after: { name } };
      await audit(tx, scope, { actor: actorOf(principal), action: "user.update", target: id, details });
    });
    return { ...principal.user, name };
  })
  .add(ENDPOINTS.listSessions, async ({ scope, principal }) => {
    const rows = await sessionsOf(scope.database, principal.user.id, Date.now());
    return { items: rows.map((row) => sessionOf(row, principal.sessionId)), cursor: null };
  })
  .add(ENDPOINTS.endSession, async ({ scope, principal, params: { id } }) => {
    await scope.database.transaction(async (tx) => {
      const ended = await tx
        .delete(session)
        .where(and(eq(session.id, id), eq(session.userId, principal.user.id)))
        .returning({ id: session.id });
      if (ended.length === 0) {
        throw new PlatformError("not_found", "You have no such session. It may have ended; list what there is.");
      }
      await audit(tx, scope, { actor: actorOf(principal), action: "session.end", target: id });
    });
    return undefined;
  })
  .add(ENDPOINTS.endOtherSessions, async ({ scope, principal }) => {
    const { id } = principal.user;
    await scope.database.transaction(async (tx) => {
      const sessions = await endSessions(tx, id, principal.sessionId);
      const details = { sessions };
      await audit(tx, scope, { actor: actorOf(principal), action: "session.end-others", target: id, details });
    });
    return undefined;
  });

const sessionOf = (row: SessionRow, currentId: string | null) => ({
  id: row.id,
  device: deviceOf(row.userAgent),
  place: row.place,
  address: row.ipAddress === "" ? null : row.ipAddress,
  createdAt: row.createdAt.getTime(),
  lastSeenAt: (row.lastSeenAt ?? row.createdAt).getTime(),
  expiresAt: row.expiresAt.getTime(),
  current: row.id === currentId,
});
