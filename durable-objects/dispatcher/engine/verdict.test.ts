import { describe, expect, it } from "vitest";

import { retryPolicySchema } from "../../../contracts/events/retry.ts";
import type { Ended } from "./part.ts";
import { verdictOf } from "./verdict.ts";

const NOW = 1_000_000;
const failure: Ended = { outcome: "failed", executionId: "exe_1", durationMs: 1, code: "script_error", message: "no" };
const judge = (
  policy: object,
  attempts: number,
  { result = failure, since = NOW, chance = 0 }: { result?: Ended; since?: number; chance?: number } = {},
) => verdictOf({ attempts, since }, retryPolicySchema.parse(policy), result, NOW, chance);

describe("the fate of a delivery", () => {
  it("is another attempt after the policy's pause, which chance only makes longer", () => {
    const policy = { policy: "exponential", delayMs: 100, maxDelayMs: 1_000, jitter: 0.5 };
    const dueIn = (attempts: number, chance: number) => {
      const verdict = judge(policy, attempts, { chance });
      return verdict.next === "retry" ? verdict.dueAt - NOW : null;
    };
    expect([0, 1, 2, 3, 4].map((attempts) => dueIn(attempts, 0))).toEqual([100, 200, 400, 800, 1_000]);
    expect(dueIn(0, 0.999)).toBe(150);
  });

  it("is a dead letter after the last attempt, or when the next one would come too late", () => {
    const letter = { next: "dead", letter: true };
    expect(judge({ maxAttempts: 3 }, 1)).toMatchObject({ next: "retry" });
    expect(judge({ maxAttempts: 3 }, 2)).toEqual(letter);
    expect(judge({ delayMs: 1_000, maxAgeMs: 5_000 }, 0, { since: NOW - 4_000 })).toMatchObject({ next: "retry" });
    expect(judge({ delayMs: 1_000, maxAgeMs: 5_000 }, 0, { since: NOW - 4_001 })).toEqual(letter);
  });

  it("is no dead letter for a chain that is too long, but one where the script is gone", () => {
    const refused = (code: string): Ended => ({ outcome: "refused", executionId: null, code, message: "no" });
    expect(judge({}, 0, { result: refused("over_budget") })).toEqual({ next: "dead", letter: false });
    expect(judge({}, 0, { result: refused("not_found") })).toEqual({ next: "dead", letter: true });
  });
});
