/** What stands in a record for a value that is never stored. */
export const REDACTED = "[redacted]";

const CREDENTIAL_NAME =
  /authorization|cookie|token|secret|passw|credential|session|signature|jwt|api-?key|(?:^|[-_])(?:auth|keys?)(?:$|[-_])/i;

/** Verdicts by name, for a head is judged with each request; bounded, for anybody may make up names. */
const judged = new Map<string, boolean>();
const JUDGED_MAX = 1_000;

/** Whether a header of this name carries what proves who somebody is. */
export function carriesCredentials(name: string): boolean {
  let verdict = judged.get(name);
  if (verdict === undefined) {
    verdict = CREDENTIAL_NAME.test(name);
    if (judged.size < JUDGED_MAX) judged.set(name, verdict);
  }
  return verdict;
}

/** The headers with every credential replaced by {@link REDACTED}, whatever its value; a new object. */
export function redactHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const shown = carriesCredentials(name) ? REDACTED : (headers[name] ?? "");
    // A header may be called so; assigned, it would be no property.
    if (name === "__proto__") Object.defineProperty(kept, name, { value: shown, enumerable: true });
    else kept[name] = shown;
  }
  return kept;
}

/** What belongs to one connection, or is made anew for each request. */
const CONNECTION_NAMES: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Whether a recorded header is sent again where its request is repeated. */
export const isSentAgain = (name: string, value: string): boolean =>
  value !== REDACTED && !CONNECTION_NAMES.has(name.toLowerCase());
