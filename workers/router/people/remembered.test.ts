import { expect, it } from "vitest";

import { rememberedOf, RememberedSessions } from "./remembered.ts";
import { claimsOf } from "./testing.ts";

const TENANT = { orgId: "org_00000000000000000000", host: "island.localhost" };
const PLACE = { orgId: TENANT.orgId, slug: "island", origin: "http://island.localhost", issuer: "", cookieName: "" };
const session = () => rememberedOf(claimsOf(TENANT), { kid: "k" }, PLACE);

it("remembers so many sessions and no more, and loses first the one that was used longest ago", () => {
  const sessions = new RememberedSessions(3);
  for (const token of ["a", "b", "c"]) sessions.keep(token, session());
  expect(sessions.find("a")).not.toBeNull();
  sessions.keep("d", session());
  expect(["a", "b", "c", "d"].map((token) => sessions.find(token) !== null)).toEqual([true, false, true, true]);
  for (let count = 0; count < 100; count++) sessions.keep(`t${count}`, session());
  expect(sessions.size).toBe(3);
  sessions.forget("t99");
  expect(sessions.find("t99")).toBeNull();
});

it("gives nobody a person that they could change", () => {
  const { user } = session();
  expect(() => Object.assign(user, { role: "owner" })).toThrow(TypeError);
});
