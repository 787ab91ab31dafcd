import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PAGE_SIZE_DEFAULT } from "../../../contracts/limits.ts";
import { Mounts } from "../mount.ts";
import { periodOf } from "../usage/period.ts";
import { usageByOrg, usageOf } from "../usage/read.ts";
import { sumOf } from "../usage/sums.ts";
import { keyOfCursor, pageOfRows } from "./page.ts";

/** What orgs used. */
export const usage = new Mounts()
  .add(ENDPOINTS.getUsage, async ({ scope, access, query }) => {
    const now = Date.now();
    const period = periodOf(query, query.by, now);
    const items = await usageOf(scope, access.org, period, query.by, now);
    return { ...period, items, total: sumOf(items) };
  })
  .add(ENDPOINTS.listUsage, async ({ scope, query }) => {
    const period = periodOf(query, "day", Date.now());
    const limit = query.limit ?? PAGE_SIZE_DEFAULT;
    const found = await usageByOrg(scope, period, { after: keyOfCursor(query.cursor), limit });
    const { rows, cursor } = pageOfRows(found, limit, ({ orgId }) => orgId);
    return { items: rows.map(({ orgId, slug, ...counts }) => ({ org: { id: orgId, slug }, ...counts })), cursor };
  });
