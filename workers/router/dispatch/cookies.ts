/**
 * Drops each `Set-Cookie` by which a tenant would reach beyond its own host: a cookie for the parent domain would
 * be sent to every other tenant, and could stand in for their own. Returns the response itself when all is well.
 */
export function keepCookiesHome(response: Response, hostname: string): Response {
  if (!response.headers.has("set-cookie")) return response;
  const cookies = response.headers.getSetCookie();
  const kept = cookies.filter((cookie) => staysHome(cookie, hostname));
  if (kept.length === cookies.length) return response;
  const headers = new Headers(response.headers);
  headers.delete("set-cookie");
  for (const cookie of kept) headers.append("set-cookie", cookie);
  return new Response(response.body, {
    status: response.status,
    statusText: response.statusText,
    headers,
    webSocket: response.webSocket,
    encodeBody: "manual",
  });
}

/** Whether a cookie is for this host or a host below it. The last `Domain` counts (RFC 6265, 5.3). */
function staysHome(cookie: string, hostname: string): boolean {
  let domain: string | null = null;
  for (const attribute of cookie.split(";").slice(1)) {
    const [name, ...value] = attribute.split("=");
    if (name?.trim().toLowerCase() === "domain") domain = value.join("=").trim().toLowerCase();
  }
  if (domain === null || domain === "") return true;
  const bare = domain.startsWith(".") ? domain.slice(1) : domain;
  return bare === hostname || bare.endsWith(`.${hostname}`);
}
