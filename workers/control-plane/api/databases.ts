import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { actorOf } from "../auth/principal.ts";
import { type DatabaseRow, findRow } from "../databases/rows.ts";
import { createTenantDatabase, destroyTenantDatabase } from "../databases/tenant.ts";
import { DATABASE_SECRET } from "../databases/work.ts";
import { Mounts } from "../mount.ts";
import { requireConfirmed } from "./confirm.ts";

/** Databases of orgs' own. */
export const databases = new Mounts()
  .add(ENDPOINTS.getDatabase, async ({ scope, access }) => {
    const row = await findRow(scope.database, access.org.id);
    return { database: row === null ? null : toDatabase(row) };
  })
  .add(ENDPOINTS.createDatabase, async ({ scope, principal, access }) => {
    return { database: toDatabase(await createTenantDatabase(scope, access.org, actorOf(principal))) };
  })
  .add(ENDPOINTS.deleteDatabase, async ({ scope, principal, access, query }) => {
    const { id, slug } = access.org;
    if ((await findRow(scope.database, id)) === null) {
      throw new PlatformError("not_found", `The org ${slug} has no database of its own.`);
    }
    requireConfirmed(query.confirm, slug, "destroy the org's database with all its data");
    await destroyTenantDatabase(scope, id, actorOf(principal));
    return undefined;
  });

function toDatabase({ driver, state, provider, error, createdAt }: DatabaseRow) {
  return { driver, state, provider, secret: DATABASE_SECRET, error, createdAt: createdAt.getTime() };
}
