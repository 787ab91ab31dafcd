/** Bounds of the control plane alone, with their units. What other parts rely on stands in `contracts/limits.ts`. */

/** Time to connect to the database, in milliseconds. */
export const DATABASE_CONNECT_MS = 4_000;
/** Time one query may take, in milliseconds. */
export const DATABASE_QUERY_MS = 10_000;
/** Wait for one edge to forget a slug, in milliseconds; an edge that is late learns of the change by itself. */
export const FORGET_MS = 100;
/** What a test invoke may take beyond the script's own time, in milliseconds. */
export const INVOKE_MARGIN_MS = 5_000;
/** How long a mutation holds its idempotency key when it never ends, in milliseconds. */
export const IDEMPOTENCY_LOCK_MS = 60_000;
/** Longest answer kept for an idempotency key, in characters. */
export const IDEMPOTENT_ANSWER_LENGTH_MAX = 256 * 1024;
/** How often a key's last use is written down at most, in milliseconds. */
export const KEY_USE_INTERVAL_MS = 60_000;
/** Attempts to sign in from one address in a window, and the window in seconds. */
export const SIGN_IN_ATTEMPTS_MAX = 20;
export const SIGN_IN_WINDOW_S = 60;
/** Body of a request to sign in or out, in bytes. */
export const AUTH_BODY_BYTES_MAX = 16 * 1024;
/** Life of a session that nobody uses, in seconds. */
export const SESSION_TTL_S = 7 * 24 * 60 * 60;
/** Orgs that one scheduled pass finishes destroying. */
export const DESTROY_BATCH_MAX = 20;
/** Bytes of source maps read to show one page of executions. */
export const STACK_MAPS_PER_PAGE_MAX = 20;
