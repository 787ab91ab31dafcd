import { beforeAll, describe, expect, it } from "vitest";

import {
  SIGNING_KEYS_ASKING_MAX,
  SIGNING_KEYS_FRESH_MS,
  SIGNING_KEYS_MISS_MS,
  TENANT_SESSION_STALE_S,
} from "../../../contracts/limits.ts";
import { SigningKeys } from "./signing-keys.ts";
import { newSigner, type TestSigner } from "./testing.ts";

const NOW = 1_800_000_000_000;

let first: TestSigner;
let second: TestSigner;
beforeAll(async () => {
  [first, second] = await Promise.all([newSigner("first"), newSigner("second")]);
});

/** A door that answers with these signers' keys, counts, and fails when told to. */
function doorOf(...signers: TestSigner[]) {
  const door = {
    signers,
    failing: false,
    calls: 0,
    signingKeys: async () => {
      door.calls += 1;
      await Promise.resolve();
      if (door.failing) throw new Error("down");
      return { keys: door.signers.flatMap(({ keySet }) => keySet.keys) };
    },
  };
  return door;
}

describe("the signing keys of an edge", () => {
  it("are asked for once in a while, not for each who wants one", async () => {
    const [keys, door] = [new SigningKeys(), doorOf(first)];
    for (let at = 0; at < 10; at++) expect(await keys.find("first", door, NOW + at)).not.toBeNull();
    expect(door.calls).toBe(1);
    await keys.find("first", door, NOW + SIGNING_KEYS_FRESH_MS);
    expect(door.calls).toBe(2);
  });

  it("are looked through again for one that is not known, every few seconds at most", async () => {
    const [keys, door] = [new SigningKeys(), doorOf(first)];
    await keys.find("first", door, NOW);
    door.signers.push(second);
    expect(await keys.find("second", door, NOW + 1)).toBeNull();
    expect(await keys.find("second", door, NOW + SIGNING_KEYS_MISS_MS)).not.toBeNull();
    for (let at = 0; at < 100; at++) await keys.find(`forged-${at}`, door, NOW + SIGNING_KEYS_MISS_MS + at);
    expect(door.calls).toBe(2);
  });

  it("lose one that was revoked", async () => {
    const [keys, door] = [new SigningKeys(), doorOf(first, second)];
    expect(await keys.find("first", door, NOW)).not.toBeNull();
    door.signers.shift();
    expect(await keys.find("first", door, NOW + SIGNING_KEYS_FRESH_MS)).toBeNull();
  });

  it("hold while the control plane is down, which is asked every few seconds, and for an hour at most", async () => {
    const [keys, door] = [new SigningKeys(), doorOf(first)];
    await keys.find("first", door, NOW);
    door.failing = true;
    const later = NOW + SIGNING_KEYS_FRESH_MS;
    for (let at = 0; at < 10; at++) expect(await keys.find("first", door, later + at)).not.toBeNull();
    expect(door.calls).toBe(2);
    const tooLate = NOW + TENANT_SESSION_STALE_S * 1_000 + 1;
    await expect(keys.find("first", door, tooLate)).rejects.toMatchObject({ code: "unavailable" });
    const { calls } = door;
    await expect(keys.find("first", door, tooLate + 1)).rejects.toMatchObject({ code: "unavailable" });
    expect(door.calls).toBe(calls);
  });

  it("are asked for by a few at a time, however many come while nothing is known", async () => {
    const [keys, door] = [new SigningKeys(), doorOf(first)];
    const all = await Promise.allSettled(Array.from({ length: 50 }, () => keys.find("first", door, NOW)));
    expect(door.calls).toBe(SIGNING_KEYS_ASKING_MAX);
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(SIGNING_KEYS_ASKING_MAX);
  });
});
