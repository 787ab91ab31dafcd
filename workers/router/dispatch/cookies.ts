import { setsPersonCookie } from "../people/cookie.ts";
import { retold } from "../retold.ts";

/**
 * Drops each `Set-Cookie` by which a tenant would reach beyond its own host: a cookie for the parent domain would
 * be sent to every other tenant, and could stand in for their own. So does one that would say who somebody is here, which
 * is the platform's to say. Returns the response itself when all is well.
 */
export function keepCookiesHome(response: Response, hostname: string): Response {
  if (!response.headers.has("set-cookie")) return response;
  const cookies = response.headers.getSetCookie();
  const kept = cookies.filter((cookie) => staysHome(cookie, hostname) && !setsPersonCookie(cookie));
  if (kept.length === cookies.length) return response;
  const headers = new Headers(response.headers);
  headers.delete("set-cookie");
  for (const cookie of kept) headers.append("set-cookie", cookie);
  return retold(response, headers);
}

/**
 * Whether a cookie is for this host or a host below it. Browsers differ in which of several `Domain`s counts, and in what
 * an empty one means, so each that names a host has to stay home.
 */
function staysHome(cookie: string, hostname: string): boolean {
  return cookie
    .split(";")
    .slice(1)
    .every((attribute) => {
      const [name, ...value] = attribute.split("=");
      if (name?.trim().toLowerCase() !== "domain") return true;
      const domain = value.join("=").trim().toLowerCase();
      const bare = domain.startsWith(".") ? domain.slice(1) : domain;
      return bare === "" || bare === hostname || bare.endsWith(`.${hostname}`);
    });
}
