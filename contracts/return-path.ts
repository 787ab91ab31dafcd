import * as z from "zod";

import { RETURN_PATH_LENGTH_MAX } from "./limits.ts";

/** Visible ASCII without the backslash, which browsers read as a slash. */
const CHARACTERS = /^[\x21-\x5b\x5d-\x7e]+$/;
/** Two slashes begin a host; what decodes to slashes may meet somebody who decodes before reading. */
const BEGINS_A_HOST = /^\/(?:\/|%2f|%5c)/i;
/** Any origin serves to see whether a path leads away from it. */
const SOMEWHERE = "https://somewhere.invalid";

/**
 * Whether a text is a path of the same origin to send a browser to after it has signed in: a path with its query and
 * fragment, in the normal form of the URL standard, so that nobody on the way can read it as anything else.
 */
export function isReturnPath(text: string): boolean {
  if (text.length > RETURN_PATH_LENGTH_MAX || !text.startsWith("/")) return false;
  if (!CHARACTERS.test(text) || BEGINS_A_HOST.test(text)) return false;
  if (!URL.canParse(text, SOMEWHERE)) return false;
  const { origin, pathname, search, hash } = new URL(text, SOMEWHERE);
  return origin === SOMEWHERE && pathname + search + hash === text;
}

/** Schema of such a path. */
export const returnPathSchema = z
  .string()
  .refine(isReturnPath, "must be a path of the same host, such as /reports?year=2026, encoded as a browser shows it");
