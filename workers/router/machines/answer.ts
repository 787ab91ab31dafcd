import { MACHINE_SECRET_HEADER } from "../../../contracts/machines.ts";
import { keepCookiesHome } from "../dispatch/cookies.ts";
import { retold } from "../retold.ts";
import { HOPS_HEADER, USER_HEADER } from "./outgoing.ts";

/** What the platform says to a machine and nobody else is to hear, however a machine sends it back. */
const OWN_WORDS = [MACHINE_SECRET_HEADER, USER_HEADER, HOPS_HEADER];

/** A machine's answer as it leaves: without the platform's own words, and with cookies for its own host alone. */
export function cleanAnswer(response: Response, hostname: string): Response {
  if (!OWN_WORDS.some((name) => response.headers.has(name))) return keepCookiesHome(response, hostname);
  const headers = new Headers(response.headers);
  for (const name of OWN_WORDS) headers.delete(name);
  return keepCookiesHome(retold(response, headers), hostname);
}
