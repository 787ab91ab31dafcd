import { describe, expect, test } from "vitest";

import { databaseRefusalOf } from "./errors.ts";

/** As drizzle wraps what the driver throws. */
const failedQuery = (cause: unknown): Error =>
  Object.assign(new Error("Failed query: select 1", { cause }), { query: "select 1" });
const withCode = (code: string): Error => Object.assign(new Error("words of the database"), { code });

describe("a failed query", () => {
  test.each(["08006", "53300", "57P01", "55P03", "28P01"])("with SQLSTATE %s means: not able now", (code) => {
    expect(databaseRefusalOf(failedQuery(withCode(code)))).toMatchObject({
      code: "unavailable",
      details: { part: "database", retryAfterSeconds: 2 },
    });
  });

  test.each([
    new Error("timeout exceeded when trying to connect"),
    new Error("Connection terminated unexpectedly"),
    new Error("Query read timeout"),
    { type: "error", message: "WebSocket connection failed" },
  ])("without a connection means: not able now (%s)", (cause) => {
    expect(databaseRefusalOf(failedQuery(cause))?.code).toBe("unavailable");
    expect(databaseRefusalOf(cause)?.code).toBe("unavailable");
  });

  test("on text that cannot be stored is the caller's to mend", () => {
    expect(databaseRefusalOf(failedQuery(withCode("22021")))?.code).toBe("invalid");
  });

  test.each([failedQuery(withCode("42P01")), failedQuery(withCode("23505")), new TypeError("x"), null, "text"])(
    "that is wrong in itself is a bug (%s)",
    (error) => {
      expect(databaseRefusalOf(error)).toBeNull();
    },
  );

  test("is not taken for a lost connection because of a word in its text", () => {
    const error = Object.assign(new Error("Failed query: select 'websocket'"), { query: "select 'websocket'" });
    expect(databaseRefusalOf(error)).toBeNull();
  });
});
