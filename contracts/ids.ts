import * as z from "zod";

/** Prefix of every kind of id; the prefix says what an id names wherever it is met. */
export const ID_PREFIXES = {
  org: "org",
  user: "usr",
  session: "ses",
  invitation: "inv",
  mail: "mal",
  script: "scr",
  version: "ver",
  route: "rte",
  execution: "exe",
  trigger: "trg",
  delivery: "dlv",
  deadLetter: "ded",
  message: "msg",
  document: "doc",
  machine: "mch",
  provision: "prv",
  domain: "dom",
  key: "key",
  audit: "aud",
  request: "req",
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const RANDOM_CHARS = 20;

/** Makes an id such as `org_…`: the kind's prefix and 100 random bits in Crockford's base 32, lower case. */
export function newId(kind: IdKind): string {
  const bytes = crypto.getRandomValues(new Uint8Array(RANDOM_CHARS));
  let text = "";
  for (const byte of bytes) text += ALPHABET[byte & 31];
  return `${ID_PREFIXES[kind]}_${text}`;
}

/** Schema of an id of one kind; it checks the form, never the existence. */
export function idSchema(kind: IdKind) {
  const pattern = new RegExp(`^${ID_PREFIXES[kind]}_[0-9a-hjkmnp-tv-z]{16,40}$`);
  return z.string().regex(pattern, `must be an id that starts with ${ID_PREFIXES[kind]}_`);
}
