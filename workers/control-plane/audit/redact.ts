import { AUDIT_DEPTH_MAX, AUDIT_TEXT_LENGTH_MAX } from "../../../contracts/limits.ts";
import { carriesCredentials, REDACTED } from "../../../contracts/redact.ts";

/** What looks like a credential wherever it stands: our keys, webhook secrets, bearer tokens, JWTs, private keys. */
const CREDENTIAL =
  /\bisola_[0-9a-zA-Z_-]{16,}|\bwhsec_[\w+/=-]{8,}|\bBearer\s+[\w.~+/=-]{8,}|\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*/g;
/** An id says whose or which, and opens nothing. */
const ID = /^[a-z]{3}_[0-9a-z]{16,40}$/;
const CUT = "…";

/**
 * A value as it may be written down for ever: no text under a name like `password`, `token`, `secret`, `key`,
 * `authorization` or `cookie`, nothing that looks like a credential, and no text that is longer than needed to tell what
 * it was. Numbers, booleans and ids stay whatever they are called: how many keys, which key.
 */
export function redact(value: unknown): unknown {
  return redacted(value, false, AUDIT_DEPTH_MAX);
}

/** The same of one text: what looks like a credential goes, and what no database stores, and what is too long. */
export function redactText(text: string, lengthMax = AUDIT_TEXT_LENGTH_MAX): string {
  const storable = text.toWellFormed().replaceAll("\0", "\uFFFD").replace(CREDENTIAL, REDACTED);
  return storable.length <= lengthMax ? storable : storable.slice(0, lengthMax - CUT.length).toWellFormed() + CUT;
}

function redacted(value: unknown, secret: boolean, depth: number): unknown {
  if (typeof value === "string") return secret && value !== "" && !ID.test(value) ? REDACTED : redactText(value);
  if (value instanceof Date) return value.getTime();
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? Number(value) : value;
  if (depth === 0) return CUT;
  if (Array.isArray(value)) return value.map((item) => redacted(item, secret, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      redactText(name),
      redacted(item, secret || isSecret(name), depth - 1),
    ]),
  );
}

const isSecret = (name: string): boolean => carriesCredentials(name.replace(/([a-z0-9])([A-Z])/g, "$1-$2"));
