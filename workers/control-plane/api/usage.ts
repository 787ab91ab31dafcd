import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PAGE_SIZE_DEFAULT } from "../../../contracts/limits.ts";
import { costOf, costsOf, totalCost } from "../../../contracts/prices.ts";
import { Mounts } from "../mount.ts";
import { pricesOf } from "../plans/standing.ts";
import { periodOf } from "../usage/period.ts";
import { usageByOrg, usageOf } from "../usage/read.ts";
import { sumOf } from "../usage/sums.ts";
import { keyOfCursor, pageOfRows } from "./page.ts";

/** What orgs used. */
export const usage = new Mounts()
  .add(ENDPOINTS.getUsage, async ({ scope, access, query }) => {
    const now = Date.now();
    const period = periodOf(query, query.by, now);
    const [prices, sums] = await Promise.all([
      pricesOf(scope, access.org),
      usageOf(scope, access.org, period, query.by, now),
    ]);
    const costs = costsOf(sums, prices);
    const items = sums.map((sum, index) => ({ ...sum, cost: costs?.[index] ?? null }));
    const cost = costs === null || prices.currency === undefined ? null : totalCost(costs, prices.currency);
    return { ...period, items, total: { ...sumOf(sums), cost } };
  })
  .add(ENDPOINTS.listUsage, async ({ scope, query }) => {
    const period = periodOf(query, "day", Date.now());
    const limit = query.limit ?? PAGE_SIZE_DEFAULT;
    const found = await usageByOrg(scope, period, { after: keyOfCursor(query.cursor), limit });
    const { rows, cursor } = pageOfRows(found, limit, ({ orgId }) => orgId);
    const items = rows.map(({ orgId, slug, prices, ...used }) => ({
      org: { id: orgId, slug },
      ...used,
      cost: costOf(used, prices ?? {}),
    }));
    return { items, cursor };
  });
