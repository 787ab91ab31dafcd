import { describe, expect, test } from "vitest";

import {
  MAIL_ATTEMPTS_MAX,
  MAIL_ERROR_LENGTH_MAX,
  MAIL_RETRY_MS,
  MAIL_RETRY_MS_MAX,
} from "../../../contracts/limits.ts";
import { MailRefusal } from "./driver.ts";
import { next } from "./outbox.ts";

describe("after a failed attempt", () => {
  test("the pauses double and are bounded", () => {
    const pauses = Array.from(
      { length: MAIL_ATTEMPTS_MAX - 1 },
      (_, index) => next(new Error("no"), index + 1).retryInMs,
    );
    expect(pauses.slice(0, 4)).toEqual([1, 2, 4, 8].map((factor) => factor * MAIL_RETRY_MS));
    expect(pauses.at(-1)).toBe(MAIL_RETRY_MS_MAX);
  });

  test("the last one gives up", () => {
    expect(next(new Error("no"), MAIL_ATTEMPTS_MAX)).toEqual({ reason: "no", retryInMs: null });
  });

  test("a refusal for good gives up at once", () => {
    expect(next(new MailRefusal("422 no such address", { permanent: true }), 1)).toEqual({
      reason: "422 no such address",
      retryInMs: null,
    });
  });

  test("the provider's own wait counts where it is longer, and not beyond the bound", () => {
    const waits = [1_000, 90_000, 10 * MAIL_RETRY_MS_MAX].map(
      (retryAfterMs) => next(new MailRefusal("429", { retryAfterMs }), 1).retryInMs,
    );
    expect(waits).toEqual([MAIL_RETRY_MS, 90_000, MAIL_RETRY_MS_MAX]);
  });

  test("what is kept of the reason is bounded, whatever was thrown", () => {
    expect(next("x".repeat(10_000), 1).reason).toHaveLength(MAIL_ERROR_LENGTH_MAX);
  });
});
