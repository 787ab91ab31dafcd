import { expect, test } from "vitest";

import { sha256Hex } from "../auth/hash.ts";
import { hashOfEnrolmentToken, makeEnrolmentToken } from "./enrol-token.ts";
import { externalDriver } from "./drivers/external.ts";
import type { Plan } from "./driver.ts";

test("a token is random, its hash is what is stored, and nothing else is taken for one", async () => {
  const [one, other] = [await makeEnrolmentToken(0), await makeEnrolmentToken(0)];
  expect(one.token).not.toBe(other.token);
  expect(one.enrolmentHash).toBe(await sha256Hex(one.token));
  expect(await hashOfEnrolmentToken(one.token)).toBe(one.enrolmentHash);
  for (const text of ["", "isola_enrol_", one.token.toUpperCase(), `${one.token}0`, ` ${one.token}`]) {
    expect(await hashOfEnrolmentToken(text)).toBeNull();
  }
});

const plan = (known: Plan["known"]): Plan => ({
  owner: { platformId: "p", orgId: "org_1", machineId: "mch_1", slug: "shop" },
  spec: { port: 8080, healthPath: "/", environment: {}, wake: true },
  known,
  environment: {},
});

test("a machine of somebody's own is what it has told of itself", async () => {
  const origin = "https://machine.example.net";
  expect(await externalDriver.observe(plan({}))).toMatchObject({ state: "created", origin: null });
  expect(await externalDriver.observe(plan({ origin, network: "public" }))).toMatchObject({ state: "started", origin });
  expect(await externalDriver.observe(plan({ origin, network: "host", stoppedAt: 1 }))).toMatchObject({
    state: "stopped",
    network: "host",
  });
});

test("the platform makes nothing of it and removes nothing, and says so where it cannot do what it is asked", async () => {
  const known = { origin: "https://machine.example.net" };
  expect(await externalDriver.prepare(plan(known))).toEqual(known);
  expect(await externalDriver.makeVolume(plan(known))).toEqual(known);
  expect(await externalDriver.makeMachine(plan(known))).toEqual(known);
  await externalDriver.start(plan(known));
  await externalDriver.destroy(plan(known));
  expect(await externalDriver.list("p")).toEqual([]);
  await expect(externalDriver.stop(plan(known))).rejects.toMatchObject({ code: "refused" });
  await expect(externalDriver.logs(plan(known), 10)).rejects.toMatchObject({ code: "refused" });
});
