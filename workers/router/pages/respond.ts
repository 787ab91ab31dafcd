import { ERROR_STATUS, errorBody, type PlatformError } from "../../../contracts/errors.ts";
import { newId } from "../../../contracts/ids.ts";
import { rateHeadersOf } from "../../../contracts/rate/headers.ts";
import { page } from "./page.ts";

const RETRY_AFTER_SECONDS = 1;

/** Answers with a refusal: a page for a browser, the error model for everyone else. */
export function refuse(request: Request, error: PlatformError, requestId: string = newId("request")): Response {
  const status = ERROR_STATUS[error.code];
  const headers = new Headers({ "cache-control": "no-store", "x-request-id": requestId });
  const { retryAfterS, retryAfterSeconds = retryAfterS } = error.details;
  if (error.code === "unavailable" || error.code === "too_many_requests") {
    const seconds = typeof retryAfterSeconds === "number" ? retryAfterSeconds : RETRY_AFTER_SECONDS;
    headers.set("retry-after", String(seconds));
  }
  for (const [name, value] of rateHeadersOf(error)) headers.set(name, value);
  const { allow } = error.details;
  if (error.code === "method_not_allowed" && Array.isArray(allow)) headers.set("allow", allow.join(", "));
  if (wantsPage(request)) {
    headers.set("content-type", "text/html; charset=utf-8");
    return new Response(page(String(status), error.message, `Request ${requestId}`), { status, headers });
  }
  headers.set("content-type", "application/json");
  return new Response(JSON.stringify(errorBody(error, requestId)), { status, headers });
}

/** Whether the caller is a person with a browser. */
export function wantsPage(request: Request): boolean {
  const accept = request.headers.get("accept");
  return accept !== null && accept.includes("text/html");
}
