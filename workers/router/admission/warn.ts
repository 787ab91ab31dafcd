import type { Projection } from "../../../contracts/projection.ts";
import { RATE_HEADERS, rateHeaders } from "../../../contracts/rate/headers.ts";
import { retold } from "../retold.ts";
import { orgRates } from "./org-rates.ts";

/**
 * The same answer, with the headers that tell how the org stands once it has used up half of its rate: before that they
 * would cost every answer a copy. A script that counts by itself has the word, and so has an answer that became a socket.
 */
export function warnOfRate(response: Response, projection: Projection): Response {
  if (projection.settings.quotas.requestsPerSecond === undefined) return response;
  const standing = orgRates.warning(projection, Date.now());
  if (standing === null || response.webSocket !== null || response.headers.has(RATE_HEADERS.limit)) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of rateHeaders(standing)) headers.set(name, value);
  return retold(response, headers);
}
