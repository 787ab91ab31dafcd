/** What stands in a record for a value that is never stored. */
export const REDACTED = "[redacted]";

const CREDENTIAL_NAME =
  /authorization|cookie|token|secret|passw|credential|session|signature|jwt|api-?key|(?:^|[-_])(?:auth|keys?)(?:$|[-_])/i;

/** Whether a header of this name carries what proves who somebody is. */
export const carriesCredentials = (name: string): boolean => CREDENTIAL_NAME.test(name);

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
