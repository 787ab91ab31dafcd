import { expect, test } from "vitest";

import { platformErrorOf } from "../../../contracts/errors.ts";
import { SIGN_IN_AT_DOOR_MAX, SIGN_IN_WINDOW_S } from "../../../contracts/limits.ts";
import { Doorstep } from "./doorstep.ts";

const NOW = 1_795_000_000_000;

async function turnedAway(doorstep: Doorstep, email: string, address: string | null, now = NOW): Promise<boolean> {
  try {
    await doorstep.enter(email, address, now);
    return false;
  } catch (error) {
    expect(platformErrorOf(error)).toMatchObject({ code: "too_many_requests" });
    return true;
  }
}

test("one account that is hammered is turned away, and another is not", async () => {
  const doorstep = new Doorstep();
  for (let index = 0; index < SIGN_IN_AT_DOOR_MAX; index += 1) {
    expect(await turnedAway(doorstep, "ada@example.com", null)).toBe(false);
  }
  expect(await turnedAway(doorstep, "ada@example.com", null)).toBe(true);
  expect(await turnedAway(doorstep, "grace@example.com", null)).toBe(false);
  expect(await turnedAway(doorstep, "ada@example.com", null, NOW + SIGN_IN_WINDOW_S * 1_000)).toBe(false);
});

test("one address that tries many accounts is turned away, where addresses are told", async () => {
  const doorstep = new Doorstep();
  const outcomes: boolean[] = [];
  for (let index = 0; index <= SIGN_IN_AT_DOOR_MAX; index += 1) {
    outcomes.push(await turnedAway(doorstep, `${index}@example.com`, "192.0.2.1"));
  }
  expect(outcomes.indexOf(true)).toBe(SIGN_IN_AT_DOOR_MAX);
  expect(await turnedAway(doorstep, "ada@example.com", "192.0.2.2")).toBe(false);
});
