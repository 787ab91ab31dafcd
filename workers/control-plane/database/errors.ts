import { PlatformError } from "../../../contracts/errors.ts";

/**
 * Classes and codes of SQLSTATE that mean "not able now": connection, resources, shutdown, lock not available, and two
 * transactions that waited for each other, of which one was given up.
 */
const UNAVAILABLE = /^(?:08|40|53|57P|55P03|28)/;
/** Text that PostgreSQL cannot store (a NUL character), in a column or in JSON. */
const UNSTORABLE = /^(?:22021|22P05)$/;
/** What the driver says, without a code, when it has no connection or lost it. */
const NO_CONNECTION =
  /timeout exceeded when trying to connect|connection terminated|connection timeout|query read timeout|websocket|network connection lost|socket/i;
const CAUSES_MAX = 5;

/** Reads a refusal out of a failed query; null when the query itself is wrong, which is a bug. */
export function databaseRefusalOf(thrown: unknown): PlatformError | null {
  let error = thrown;
  for (let depth = 0; depth < CAUSES_MAX && typeof error === "object" && error !== null; depth += 1) {
    const { code, message, type, cause } = error as {
      code?: unknown;
      message?: unknown;
      type?: unknown;
      cause?: unknown;
    };
    if (typeof code === "string" && UNSTORABLE.test(code)) return unstorable();
    if (typeof code === "string" && UNAVAILABLE.test(code)) return unavailable();
    // The driver rejects with the WebSocket's own event where the connection cannot be made.
    if (type === "error" || type === "close") return unavailable();
    if (depth > 0 || !("query" in error)) {
      if (typeof message === "string" && NO_CONNECTION.test(message)) return unavailable();
    }
    error = cause;
  }
  return null;
}

/** Whether a query failed because what it would have written is there already. */
export function isTaken(thrown: unknown): boolean {
  let error = thrown;
  for (let depth = 0; depth < CAUSES_MAX && typeof error === "object" && error !== null; depth += 1) {
    if ((error as { code?: unknown }).code === "23505") return true;
    error = (error as { cause?: unknown }).cause;
  }
  return false;
}

const unavailable = (): PlatformError =>
  new PlatformError("unavailable", "The database cannot be reached right now. Try again in a moment.", {
    part: "database",
    retryAfterSeconds: 2,
  });

const unstorable = (): PlatformError =>
  new PlatformError("invalid", "Text must not hold NUL characters. Remove them and try again.", {
    issues: [{ reason: "must not hold NUL characters" }],
  });
