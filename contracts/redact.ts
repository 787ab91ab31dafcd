/** What stands in a record for a value that is never stored. */
export const REDACTED = "[redacted]";

const CREDENTIAL_NAME =
  /authorization|cookie|token|secret|passw|credential|session|signature|jwt|api-?key|(?:^|[-_])(?:auth|keys?)(?:$|[-_])/i;

/** Whether a header of this name carries what proves who somebody is. */
export const carriesCredentials = (name: string): boolean => CREDENTIAL_NAME.test(name);

/**
 * What proves something wherever it stands: keys of ours, secrets of webhooks, what follows `Bearer` or `Basic`, JWTs,
 * private keys, texts of hashes and tokens, and what a URL or a form gives under a name that says so.
 */
const CREDENTIALS: readonly [pattern: RegExp, instead: string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{4,}/gi, `$1 ${REDACTED}`],
  [/\b(?:isola_[0-9a-z]{16,}|whsec_[\w+/=-]{8,})/gi, REDACTED],
  [/\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g, REDACTED],
  [
    /\b((?:\w+[-_])?(?:token|code|password|secret|session|key|signature)["']?\s*[=:]\s*["']?)[^\s"'&;,)}]{4,}/gi,
    `$1${REDACTED}`,
  ],
  [/\b[0-9a-f]{32,}\b/gi, REDACTED],
];

/** A text as it may be printed: without anything that looks as if it proved who somebody is. */
export function withoutCredentials(text: string): string {
  return CREDENTIALS.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
}

const CAUSES_MAX = 5;

/**
 * A failure in words that may be printed: names, messages and codes down its causes, and where it was thrown. A query
 * is named without its values, which may be anything that somebody sent; what a database says of a row is left out.
 */
export function describeFailure(thrown: unknown): string {
  const words: string[] = [];
  let stack = "";
  let error = thrown;
  for (let depth = 0; depth < CAUSES_MAX && error !== undefined && error !== null; depth += 1) {
    words.push(wordsOf(error));
    if (stack === "" && error instanceof Error) stack = framesOf(error);
    error = typeof error === "object" ? (error as { cause?: unknown }).cause : null;
  }
  return withoutCredentials(words.join("; because ")) + stack;
}

function wordsOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return String(error);
  const { name, message, code, query } = error as {
    name?: unknown;
    message?: unknown;
    code?: unknown;
    query?: unknown;
  };
  const what = typeof query === "string" ? `failed query: ${query}` : text(message);
  const kind = [text(name), text(code)].filter((part) => part !== "").join(" ");
  return [kind, what].filter((part) => part !== "").join(": ") || "something that is no error";
}

const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");

/** The lines of a stack that say where; those before them repeat the message. */
function framesOf({ stack = "" }: Error): string {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return frames.length === 0 ? "" : `\n${frames.join("\n")}`;
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
