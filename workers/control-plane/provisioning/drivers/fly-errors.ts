import type { ProviderErrorCode } from "../provider-error.ts";
import type { ProviderAnswer, ProviderCall } from "./http.ts";

/** What Fly.io says in words rather than by a status. The first that fits counts. */
const WORDS: readonly [code: ProviderErrorCode, words: RegExp][] = [
  ["no_capacity", /insufficient[ _](?:resources|memory|capacity|cpu)|no capacity|placement_capacity/],
  [
    "no_capacity",
    /could not reserve resource|resources exhausted|consider other regions|region is (?:full|at capacity)/,
  ],
  [
    "no_image",
    /manifest[ _]unknown|(?:get|pull|find|resolve) (?:the )?(?:image|manifest)|image .*not found|invalid image/,
  ],
  ["name_taken", /already (?:been taken|exists)|name[ _](?:is )?taken|unique machine name/],
  [
    "unauthorized",
    /unauthori[sz]ed|not authori[sz]ed|(?:invalid|revoked|expired|unknown) (?:api |access )?token|token .*(?:invalid|revoked|expired)/,
  ],
  ["quota", /quota|limit|billing|payment|credit|trial|suspended/],
];

/** What a refusal of Fly.io's means; null leaves it to the status. */
export function flyErrorOf(
  { status, text }: Pick<ProviderAnswer, "status" | "text">,
  { path }: Pick<ProviderCall, "path">,
): ProviderErrorCode | null {
  // A status of its own meaning, whatever the words around it are; and one that tells nothing of what was asked.
  if (status === 401 || status === 404 || status === 408 || status === 429) return null;
  const words = text().slice(0, WORDS_LENGTH_MAX).toLowerCase();
  if (status >= 500) return CAPACITY.test(words) ? "no_capacity" : null;
  const code = WORDS.find(([, pattern]) => pattern.test(words))?.[0];
  if (code !== undefined) return code;
  // Somebody else is changing the machine, or it has just changed; the same again will do.
  if ((status === 409 || status === 412) && path.includes("/machines/")) return "unavailable";
  return status === 409 && path !== "/apps" ? "refused" : null;
}

/** An error at Fly.io's side that is known not to have made anything. */
const CAPACITY = /insufficient_capacity/;
const WORDS_LENGTH_MAX = 4_000;
