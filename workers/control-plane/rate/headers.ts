import type { Context } from "hono";

import { API_PREFIX } from "../../../contracts/api/index.ts";
import { RATE_HEADERS, rateHeaders } from "../../../contracts/rate/headers.ts";
import type { AppTypes } from "../mount.ts";
import { apiRates, type CountedCall } from "./api-rates.ts";

/** Tells the caller how it stands, whatever the answer will be. Throws `too_many_requests` where the call came too soon. */
export function admit(context: Context<AppTypes>, { standing, refusal }: CountedCall): void {
  for (const [name, value] of rateHeaders(standing)) context.header(name, value);
  if (refusal !== null) throw refusal;
}

/** Middleware: what answers below the API without asking who calls, such as an unknown path, tells it as well. */
export async function rateOfUncounted(context: Context<AppTypes>, next: () => Promise<void>): Promise<void> {
  await next();
  const { headers } = context.res;
  if (!context.req.path.startsWith(`${API_PREFIX}/`) || headers.has(RATE_HEADERS.limit)) return;
  const standing = apiRates.lookAtStranger(context.var.scope.address, Date.now());
  for (const [name, value] of rateHeaders(standing)) headers.set(name, value);
}
