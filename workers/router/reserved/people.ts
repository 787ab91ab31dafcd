import { PlatformError, platformErrorOf } from "../../../contracts/errors.ts";
import { isReturnPath } from "../../../contracts/return-path.ts";
import { wantsPage } from "../pages/respond.ts";
import { mayHoldPerson, personCookie, takePersonCookie } from "../people/cookie.ts";
import { handOverDoor } from "../people/directory.ts";
import { type Place, placeOf } from "../people/place.ts";
import { PRIVATE_HEADERS, refuseVisitor, withCookie } from "../people/respond.ts";
import { checkHandOver, findKey } from "../people/verify.ts";
import { forgetSession, visitorOf } from "../people/visitor.ts";
import type { Handler, Surroundings } from "./surroundings.ts";

/** `GET /.isola/sso?token=…&to=…`: takes a hand-over, and keeps who came by it in a cookie. */
export const takeHandOver: Handler = async (_, surroundings) => {
  const { original, env } = surroundings;
  const place = requireOwnHost(surroundings);
  const query = new URL(original.url).searchParams;
  const to = returnPathIn(query);
  const token = query.get("token") ?? "";
  const door = handOverDoor(env);
  try {
    // Looked at here first, so that what is no hand-over costs the control plane nothing.
    const key = await findKey(token, door);
    if (key === null || (await checkHandOver(token, key, place)) === null) throw notGood();
    const { token: session, expiresAt } = await door.beginTenantSession(token, place.origin);
    const headers = new Headers({ ...PRIVATE_HEADERS, location: to });
    headers.append("set-cookie", personCookie(place.cookieName, session, expiresAt - Date.now()));
    return new Response(null, { status: 303, headers });
  } catch (error) {
    const refusal = platformErrorOf(error);
    if (refusal === null) throw error;
    return refuseVisitor(original, refusal);
  }
};

/** `GET /.isola/sign-in?to=…`: sends a browser to where people sign in. */
export const beginSignIn: Handler = (_, surroundings) => {
  const { slug, issuer } = placeOf(surroundings.org, surroundings.env);
  const to = returnPathIn(new URL(surroundings.original.url).searchParams);
  const location = `${issuer}/open/${slug}?${new URLSearchParams({ to }).toString()}`;
  return Promise.resolve(new Response(null, { status: 302, headers: { ...PRIVATE_HEADERS, location } }));
};

/** `POST /.isola/sign-out?to=…`: ends the session, here and at the control plane. */
export const signOut: Handler = async (_, surroundings) => {
  const { original, env, ctx } = surroundings;
  const place = requireOwnHost(surroundings);
  if (!comesFrom(original, place)) {
    throw new PlatformError("forbidden", `Send this from a page of ${place.origin}, with that as Origin.`);
  }
  const to = returnPathIn(new URL(original.url).searchParams);
  const cookies = original.headers.get("cookie");
  const token = mayHoldPerson(cookies) ? takePersonCookie(cookies, place.cookieName).token : null;
  if (token !== null) {
    forgetSession(token);
    // The browser forgets it in any case.
    const ending = handOverDoor(env).endTenantSession(token, place.origin);
    ctx.waitUntil(ending.catch((error: unknown) => console.error("sign-out:", error)));
  }
  const headers = new Headers(PRIVATE_HEADERS);
  headers.append("set-cookie", personCookie(place.cookieName, "", 0));
  if (!wantsPage(original)) return new Response(null, { status: 204, headers });
  headers.set("location", to);
  return new Response(null, { status: 303, headers });
};

/** `GET /.isola/v1/me`: who is signed in. */
export const me: Handler = async (_, { original, org, env }) => {
  const visitor = await visitorOf(original, org, env);
  if (visitor === null || visitor.user === null) {
    const refused = refuseVisitor(original, new PlatformError("unauthenticated", "Nobody is signed in here."));
    return visitor === null || visitor.setCookie === null ? refused : withCookie(refused, visitor.setCookie);
  }
  const answer = Response.json({ user: visitor.user }, { headers: PRIVATE_HEADERS });
  return visitor.setCookie === null ? answer : withCookie(answer, visitor.setCookie);
};

/** The org's place, for a request to that very host. */
function requireOwnHost({ original, org, env }: Pick<Surroundings, "original" | "org" | "env">): Place {
  const place = placeOf(org, env);
  const host = new URL(original.url).host.toLowerCase();
  if (host === new URL(place.origin).host) return place;
  throw new PlatformError("not_found", `People are signed in at ${place.origin} alone.`);
}

function returnPathIn(query: URLSearchParams): string {
  const to = query.get("to") ?? "/";
  if (isReturnPath(to)) return to;
  throw new PlatformError("invalid", "`to` must be a path of this host, such as /reports?year=2026.", {
    issues: [{ field: "to", reason: "must be a path of this host" }],
  });
}

/** Whether a page of this very host sent the request, by `Origin`, and else by Fetch Metadata. */
function comesFrom({ headers }: Request, { origin }: Place): boolean {
  const said = headers.get("origin");
  return said === null ? headers.get("sec-fetch-site") === "same-origin" : said === origin;
}

const notGood = (): PlatformError =>
  new PlatformError(
    "unauthenticated",
    "This sign-in is not good here: it was used, or a minute has passed, or it was made for another host.",
  );
