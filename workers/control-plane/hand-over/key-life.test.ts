import { describe, expect, test } from "vitest";

import { SIGNING_KEY_ACTIVE_MS, SIGNING_KEY_AHEAD_MS, TENANT_SESSION_TTL_S } from "../../../contracts/limits.ts";
import { lifeFrom, nextDue, signersAmong } from "./key-life.ts";

const NOW = 1_800_000_000_000;
const SESSION_MS = TENANT_SESSION_TTL_S * 1_000;

describe("the life of signing keys", () => {
  test("lets a key sign nothing that is good for longer than it", () => {
    const life = lifeFrom(NOW);
    const end = life.expiresAt.getTime();
    for (let at = NOW; at < end; at += SESSION_MS / 2) {
      if (signersAmong([life], at).length > 0) expect(at + SESSION_MS).toBeLessThanOrEqual(end);
    }
    expect(signersAmong([life], NOW)).toEqual([life]);
    expect(signersAmong([life], NOW - 1)).toEqual([]);
    expect(signersAmong([life], end - SESSION_MS + 1)).toEqual([]);
  });

  test("has the newest sign whose time has come", () => {
    const [old, next] = [lifeFrom(NOW - SIGNING_KEY_ACTIVE_MS), lifeFrom(NOW)];
    expect(signersAmong([old, next], NOW - 1)).toEqual([old]);
    expect(signersAmong([old, next], NOW)).toEqual([next, old]);
  });

  test("publishes the next a day before it signs, and once", () => {
    const life = lifeFrom(NOW);
    const due = NOW + SIGNING_KEY_ACTIVE_MS;
    expect(nextDue([life], due - SIGNING_KEY_AHEAD_MS - 1)).toBeNull();
    expect(nextDue([life], due - SIGNING_KEY_AHEAD_MS)).toBe(due);
    expect(nextDue([life, lifeFrom(due)], due)).toBeNull();
  });

  test("leaves no time without a key that signs, even when the clock is a day late", () => {
    const life = lifeFrom(NOW);
    const late = NOW + SIGNING_KEY_ACTIVE_MS + SIGNING_KEY_AHEAD_MS;
    expect(signersAmong([life], late)).toEqual([life]);
    const due = nextDue([life], late);
    expect(due).toBe(late);
    expect(signersAmong([life, lifeFrom(late)], late)[0]?.activeFrom.getTime()).toBe(late);
  });

  test("makes none before somebody needs one", () => {
    expect(nextDue([], NOW)).toBeNull();
  });
});
