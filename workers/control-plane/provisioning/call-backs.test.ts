import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";

import { MACHINE_PROBES_MAX, MACHINE_SILENCE_MS } from "../../../contracts/limits.ts";
import { callBackSecret, markOf } from "./call-backs.ts";
import { healthOf } from "./life-health.ts";

const KEY = "a-machine-key-of-at-least-thirty-two-characters";

describe("the secret of a machine's call-backs", () => {
  test("is one that libraries of Standard Webhooks take, another for every machine and version", async () => {
    const secret = await callBackSecret(KEY, "mch_1", 1);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(() => new Webhook(secret)).not.toThrow();
    expect(await callBackSecret(KEY, "mch_1", 1)).toBe(secret);
    expect(await callBackSecret(KEY, "mch_1", 2)).not.toBe(secret);
    expect(await callBackSecret(KEY, "mch_2", 1)).not.toBe(secret);
    expect(await callBackSecret(`${KEY}x`, "mch_1", 1)).not.toBe(secret);
  });
});

describe("a call-back", () => {
  const at = (id: string, seconds: number) => ({ id, timestampText: String(seconds) });

  test("is taken once, and none that is older than one before", () => {
    const first = markOf(at("a", 1_000), null);
    expect(first).not.toBeNull();
    expect(markOf(at("a", 1_000), first)).toBeNull();
    expect(markOf(at("b", 999), first)).toBeNull();
    expect(markOf(at("b", 1_000), first)).not.toBeNull();
    expect(markOf(at("a", 1_001), first)).not.toBeNull();
  });

  test("is told from others by the number of its time, not by its letters", () => {
    expect(markOf(at("a", 10_000), markOf(at("a", 9_999), null))).not.toBeNull();
  });
});

describe("the health of a machine", () => {
  const now = 1_800_000_000_000;
  const row = { heartbeatAt: null, probesFailed: 0, error: null };
  const beat = (ago: number) => ({ ...row, heartbeatAt: new Date(now - ago) });

  test("is bad after so many probes in a row, and not after fewer", () => {
    expect(healthOf({ ...row, probesFailed: MACHINE_PROBES_MAX - 1 }, now, { answers: false })).toBe("unknown");
    expect(healthOf({ ...row, probesFailed: MACHINE_PROBES_MAX }, now, { answers: false })).toBe("unhealthy");
  });

  test("is bad when a machine that sends heartbeats falls silent; one that never did need not", () => {
    expect(healthOf(beat(MACHINE_SILENCE_MS), now, { answers: true })).toBe("healthy");
    expect(healthOf(beat(MACHINE_SILENCE_MS + 1), now, { answers: true })).toBe("unhealthy");
    expect(healthOf(row, now, { answers: true })).toBe("healthy");
  });

  test("is bad when the machine says so itself", () => {
    expect(healthOf({ ...beat(0), error: { code: "degraded", message: "" } }, now, { answers: true })).toBe(
      "unhealthy",
    );
    expect(healthOf({ ...beat(0), error: { code: "exited", message: "" } }, now, { answers: true })).toBe("healthy");
  });
});
