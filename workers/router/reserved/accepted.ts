/** Whether a caller asks not to be kept waiting (RFC 7240). */
export function prefersLater(request: Request): boolean {
  const prefer = request.headers.get("prefer");
  if (prefer === null) return false;
  return prefer.split(",").some((preference) => preference.split(/[;=]/, 1)[0]?.trim().toLowerCase() === LATER);
}

const LATER = "respond-async";

/** The answer to a request that is run later: where its result will be. */
export function accepted(request: Request, executionId: string): Response {
  const location = `/.isola/v1/executions/${executionId}`;
  const headers = new Headers({ location, "cache-control": "no-store" });
  if (prefersLater(request)) headers.set("preference-applied", LATER);
  const url = new URL(location, request.url).href;
  return Response.json({ executionId, state: "waiting", status: "pending", url }, { status: 202, headers });
}
