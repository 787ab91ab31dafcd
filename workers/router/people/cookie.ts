import { PERSON_COOKIE_MARK } from "../../../contracts/hand-over.ts";

/** A cookie of ours under either of its names, whatever it holds. */
const OURS = new RegExp(`^(?:__Host-)?${PERSON_COOKIE_MARK}$`, "i");
/** How a `Set-Cookie` can begin that a browser may send back as ours: it need not have a name, nor write it as we do. */
const SETS_OURS = new RegExp(`^[\\s=]*(?:__Host-)?${PERSON_COOKIE_MARK}\\s*(?:[=;]|$)`, "i");

/** What a `Cookie` header holds of ours, and the rest of it. */
export interface ReadCookies {
  /** The session under the name that counts; null where there is none. */
  token: string | null;
  /** The header without any of ours; null where nothing is left. */
  rest: string | null;
}

/** Whether a `Cookie` header may hold one of ours; false for almost all, at the least cost. */
export const mayHoldPerson = (header: string | null): header is string =>
  header !== null && header.includes(PERSON_COOKIE_MARK);

/** Takes the person's session out of a `Cookie` header (RFC 6265, 5.4). Of several under one name the first counts. */
export function takePersonCookie(header: string, cookieName: string): ReadCookies {
  let token: string | null = null;
  const rest: string[] = [];
  for (const part of header.split(";")) {
    const pair = part.trim();
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals).trimEnd();
    if (!OURS.test(name)) {
      if (pair !== "") rest.push(pair);
    } else if (name === cookieName && token === null && equals >= 0) {
      token = pair.slice(equals + 1).trim();
    }
  }
  return { token: token === "" ? null : token, rest: rest.length === 0 ? null : rest.join("; ") };
}

/** Whether a `Set-Cookie` of a script would set or remove the cookie that says who somebody is. */
export const setsPersonCookie = (setCookie: string): boolean => SETS_OURS.test(setCookie);

/** The `Set-Cookie` by which a browser keeps a session; an end that has come removes it. */
export function personCookie(name: string, token: string, endsInMs: number): string {
  const seconds = Math.max(0, Math.floor(endsInMs / 1_000));
  const secure = name.startsWith("__Host-") ? "; Secure" : "";
  return `${name}=${token}; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Lax${secure}`;
}
