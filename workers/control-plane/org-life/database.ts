import { eq } from "drizzle-orm";

import { PlatformError } from "../../../contracts/errors.ts";
import type { OrgRow } from "../access.ts";
import { tenantDatabase } from "../database/schema.ts";
import type { Scope } from "../scope.ts";

/** Has an org's own database destroyed. Throws `unavailable` until its provider has confirmed that it is gone. */
export async function destroyDatabase(scope: Scope, { id, slug }: Pick<OrgRow, "id" | "slug">): Promise<void> {
  const [left] = await scope.database.select().from(tenantDatabase).where(eq(tenantDatabase.orgId, id));
  if (left === undefined) return;
  throw new PlatformError(
    "unavailable",
    `The org ${slug} answers no more, but its database is not gone yet. Nothing need be done: this goes on by itself.`,
    { state: "destroying", part: "database" },
  );
}
