import { errorBody, ERROR_STATUS, type PlatformError } from "../../../contracts/errors.ts";
import { newId } from "../../../contracts/ids.ts";
import { page } from "../pages/page.ts";
import { wantsPage } from "../pages/respond.ts";
import { retold } from "../retold.ts";

/** Headers of everything that is said about who somebody is. */
export const PRIVATE_HEADERS = { "cache-control": "no-store", "referrer-policy": "no-referrer" } as const;

/** Where a browser that comes to a tenant's host begins to sign in. */
const SIGN_IN_PATH = "/.isola/sign-in";

/** Answers somebody who could not be signed in, and shows where to try again. */
export function refuseVisitor(request: Request, error: PlatformError): Response {
  const requestId = newId("request");
  const status = ERROR_STATUS[error.code];
  const headers = { ...PRIVATE_HEADERS, "x-request-id": requestId };
  if (!wantsPage(request)) return Response.json(errorBody(error, requestId), { status, headers });
  const again = { href: SIGN_IN_PATH, text: "Sign in" };
  const body = page("You are not signed in", error.message, `Request ${requestId}`, again);
  return new Response(body, { status, headers: { ...headers, "content-type": "text/html; charset=utf-8" } });
}

/** The same answer with one more cookie. An answer that has become a socket stays as it is. */
export function withCookie(response: Response, setCookie: string): Response {
  if (response.webSocket !== null) return response;
  const headers = new Headers(response.headers);
  headers.append("set-cookie", setCookie);
  // A cache would give one person's session to others.
  headers.set("cache-control", "private, no-store");
  return retold(response, headers);
}
