import { type ErrorBody, errorBody, ERROR_STATUS, PlatformError, platformErrorOf } from "../../contracts/errors.ts";
import { rateHeadersOf } from "../../contracts/rate/headers.ts";
import { databaseRefusalOf } from "./database/errors.ts";
import { reportFailure } from "./report.ts";

const RETRY_AFTER_SECONDS = 1;
const RETRIABLE = new Set(["unavailable", "too_many_requests"]);

/** A failure as it is answered: status, JSON body, and the headers that belong to it. */
export interface Failure {
  error: PlatformError;
  status: number;
  body: ErrorBody;
  headers: Record<string, string>;
}

/** Turns anything thrown into an answer. A bug says nothing of itself to the caller and everything to the log. */
export function failureOf(thrown: unknown, requestId: string): Failure {
  const error = platformErrorOf(thrown) ?? databaseRefusalOf(thrown) ?? unexpected(thrown, requestId);
  return { error, status: ERROR_STATUS[error.code], body: errorBody(error, requestId), headers: headersOf(error) };
}

function headersOf(error: PlatformError): Record<string, string> {
  const { code, details } = error;
  const headers: Record<string, string> = Object.fromEntries(rateHeadersOf(error));
  const { retryAfterSeconds, allow } = details;
  if (typeof retryAfterSeconds === "number") headers["retry-after"] = String(Math.max(1, Math.ceil(retryAfterSeconds)));
  else if (RETRIABLE.has(code)) headers["retry-after"] = String(RETRY_AFTER_SECONDS);
  if (code === "method_not_allowed" && Array.isArray(allow)) headers["allow"] = allow.join(", ");
  if (code === "unauthenticated") headers["www-authenticate"] = 'Bearer realm="isola"';
  return headers;
}

function unexpected(thrown: unknown, requestId: string): PlatformError {
  reportFailure(requestId, "unexpected", thrown);
  return new PlatformError("internal", "Something went wrong on our side. Quote the request id when you report it.");
}
