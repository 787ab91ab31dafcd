import { platformErrorOf } from "../../../contracts/errors.ts";
import type { HandOverDoor, TenantUser } from "../../../contracts/hand-over.ts";
import { PERSONS_REMEMBERED_MAX, TENANT_SESSION_RETRY_MS } from "../../../contracts/limits.ts";
import type { RouterEnv } from "../env.ts";
import type { ResolvedOrg } from "../resolve/org.ts";
import { mayHoldPerson, personCookie, takePersonCookie } from "./cookie.ts";
import { handOverDoor } from "./directory.ts";
import { type Place, placeOf } from "./place.ts";
import { type Remembered, rememberedOf, RememberedSessions } from "./remembered.ts";
import { checkSession, findKey, type NamedKey } from "./verify.ts";

/** Whoever a request with a person's cookie comes from. */
export interface Visitor {
  /** The request as the script may see it: without the cookie. */
  request: Request;
  /** Null where the cookie is not, or no longer, anybody's. */
  user: TenantUser | null;
  /** What the answer has to set: a renewed session, or the end of one; null for nothing. */
  setCookie: string | null;
}

type Person = Omit<Visitor, "request">;

const UNKNOWN: Person = { user: null, setCookie: null };

const remembered = new RememberedSessions(PERSONS_REMEMBERED_MAX);

/** The visitor of a request; null for one without a person's cookie, which costs one look at a header. */
export function visitorOf(request: Request, org: ResolvedOrg, env: RouterEnv): Promise<Visitor> | null {
  const header = request.headers.get("cookie");
  return mayHoldPerson(header) ? readVisitor(request, header, org, env) : null;
}

/** Forgets what a token has come to. */
export const forgetSession = (token: string): void => remembered.forget(token);

async function readVisitor(request: Request, header: string, org: ResolvedOrg, env: RouterEnv): Promise<Visitor> {
  const place = placeOf(org, env);
  const { token, rest } = takePersonCookie(header, place.cookieName);
  const bare = withCookies(request, rest);
  if (token === null) return { request: bare, ...UNKNOWN };
  try {
    return { request: bare, ...(await personBehind(token, place, handOverDoor(env))) };
  } catch (error) {
    // Nobody can say whose it is right now; it may be good again in a moment.
    if (platformErrorOf(error) === null) throw error;
    return { request: bare, ...UNKNOWN };
  }
}

async function personBehind(token: string, place: Place, door: HandOverDoor): Promise<Person> {
  const key = await findKey(token, door);
  // Of a key that was revoked, or is too new to be known here: the cookie stays, for the next look may find it.
  if (key === null) return UNKNOWN;
  const session = recall(token, key, place) ?? (await learn(token, key, place));
  const now = Date.now();
  if (session === null || now >= session.endsAt) return nobody(token, place);
  if (now >= session.freshUntil && now >= session.askAgainAt) return renew(token, session, place, door);
  return now < session.staleUntil ? { user: session.user, setCookie: null } : UNKNOWN;
}

/** What is remembered of a token, if it is this place's. */
function recall(token: string, { kid }: NamedKey, place: Place): Remembered | null {
  const session = remembered.find(token);
  if (session === null || session.orgId !== place.orgId || session.origin !== place.origin) return null;
  return session.kid === kid ? session : null;
}

async function learn(token: string, key: NamedKey, place: Place): Promise<Remembered | null> {
  const claims = await checkSession(token, key, place);
  if (claims === null) return null;
  const session = rememberedOf(claims, key, place);
  remembered.keep(token, session);
  return session;
}

/** Has the control plane say whether the person may still be there. While it cannot, what it said last holds a while. */
async function renew(token: string, session: Remembered, place: Place, door: HandOverDoor): Promise<Person> {
  // The browser sends many requests at once, and one of them is enough to ask.
  session.askAgainAt = Date.now() + TENANT_SESSION_RETRY_MS;
  let renewed: Awaited<ReturnType<HandOverDoor["renewTenantSession"]>>;
  try {
    renewed = await door.renewTenantSession(token, place.origin);
  } catch (error) {
    // A control plane that fails must not take its tenants' hosts with it.
    if (platformErrorOf(error) === null) console.error("renewing a session:", error);
    return Date.now() < session.staleUntil ? { user: session.user, setCookie: null } : UNKNOWN;
  }
  if (renewed === null) return nobody(token, place);
  const key = await findKey(renewed.token, door);
  if (key === null) return UNKNOWN;
  const next = await learn(renewed.token, key, place);
  if (next === null) return nobody(token, place);
  // Requests that are on their way still bring the old token, which its own key vouches for.
  remembered.keep(token, { ...next, kid: session.kid });
  return { user: next.user, setCookie: personCookie(place.cookieName, renewed.token, renewed.expiresAt - Date.now()) };
}

function nobody(token: string, place: Place): Person {
  remembered.forget(token);
  return { user: null, setCookie: personCookie(place.cookieName, "", 0) };
}

function withCookies(request: Request, cookies: string | null): Request {
  const headers = new Headers(request.headers);
  if (cookies === null) headers.delete("cookie");
  else headers.set("cookie", cookies);
  return new Request(request, { headers });
}
