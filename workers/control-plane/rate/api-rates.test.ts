import { describe, expect, test } from "vitest";

import { newId } from "../../../contracts/ids.ts";
import {
  API_CALLS_PER_MINUTE_OF_ADDRESS,
  API_CALLS_PER_MINUTE_OF_ORG,
  API_CALLS_PER_MINUTE_OF_PRINCIPAL,
  API_CALLS_PER_MINUTE_OF_STRANGERS,
  CALL_BACKS_PER_MINUTE,
} from "../../../contracts/limits.ts";
import type { OrgRow } from "../access.ts";
import type { PrincipalKey, Standing } from "../auth/principal.ts";
import { ApiRates, callsPerMinute, type CountedCall } from "./api-rates.ts";

const START = 1_800_000_000_000;

const orgOf = (slug: string): OrgRow => ({ id: newId("org"), slug }) as OrgRow;
const keyOf = (facts: Partial<PrincipalKey> = {}): PrincipalKey => ({
  id: newId("key"),
  name: "key",
  scopes: ["*"],
  org: null,
  requestsPerMinute: null,
  expiresAt: null,
  ...facts,
});

/** Somebody who asks for something, with a role in it or not. */
function asking(userId: string, facts: Partial<Omit<Standing, "principal">> & { key?: PrincipalKey } = {}): Standing {
  const { key = keyOf(), ...standing } = facts;
  const user = { id: userId, email: `${userId}@example.com`, name: "Somebody", role: "member" as const };
  const principal = { user, key, sessionId: null, twoFactor: false, membersCreateOrgs: false, setCookies: [] };
  return { principal, org: null, role: null, ...standing };
}

/** How many calls get through until one is refused. */
function drain(call: () => CountedCall): number {
  for (let count = 0; ; count++) if (call().refusal !== null) return count;
}

describe("calls of the API", () => {
  test("about an org count for it, whoever of it makes them", () => {
    const rates = new ApiRates();
    const org = orgOf("alpha");
    const [one, other] = [asking("one", { org, role: "owner" }), asking("other", { org, role: "viewer" })];
    expect(drain(() => rates.countCall(one, START))).toBe(API_CALLS_PER_MINUTE_OF_ORG);
    expect(rates.countCall(other, START).refusal).toMatchObject({
      code: "too_many_requests",
      details: { limit: API_CALLS_PER_MINUTE_OF_ORG, retryAfterSeconds: 1, resetSeconds: 60 },
    });
    expect(rates.countCall(asking("one", { org: orgOf("beta"), role: "owner" }), START).refusal).toBeNull();
    expect(rates.countCall(asking("one"), START).refusal).toBeNull();
  });

  test("count for the person or partner behind a key, however many keys there are", () => {
    const rates = new ApiRates();
    expect(drain(() => rates.countCall(asking("one"), START))).toBe(API_CALLS_PER_MINUTE_OF_PRINCIPAL);
    expect(rates.countCall(asking("other"), START).refusal).toBeNull();
  });

  test("about an org that the caller has no part in count for the caller, and not for the org", () => {
    const rates = new ApiRates();
    const org = orgOf("alpha");
    expect(drain(() => rates.countCall(asking("stranger", { org }), START))).toBe(API_CALLS_PER_MINUTE_OF_PRINCIPAL);
    expect(rates.countCall(asking("stranger", { org: orgOf("another") }), START).refusal).not.toBeNull();
    const bound = keyOf({ org: { id: newId("org"), slug: "elsewhere" } });
    expect(rates.countCall(asking("stranger", { org, role: "owner", key: bound }), START).refusal).not.toBeNull();
    expect(rates.countCall(asking("one", { org, role: "owner" }), START).standing.remaining).toBe(
      API_CALLS_PER_MINUTE_OF_ORG - 1,
    );
  });

  test("are bounded by the key's own rate besides, and refused ones count for nobody", () => {
    const rates = new ApiRates();
    const org = orgOf("alpha");
    const key = keyOf({ requestsPerMinute: 3 });
    const slow = asking("one", { org, role: "owner", key });
    expect(rates.countCall(slow, START).standing).toMatchObject({ limit: 3, remaining: 2 });
    expect(drain(() => rates.countCall(slow, START))).toBe(2);
    expect(rates.countCall(slow, START).refusal?.details).toMatchObject({ limit: 3, retryAfterSeconds: 20 });
    expect(rates.countCall(asking("one", { org, role: "owner" }), START).standing.remaining).toBe(
      API_CALLS_PER_MINUTE_OF_ORG - 4,
    );
    expect(rates.countCall(slow, START + 20_000).refusal).toBeNull();
  });

  test("that the org's limit refuses leave the key's own rate as it was", () => {
    const rates = new ApiRates();
    const org = orgOf("alpha");
    const key = keyOf({ requestsPerMinute: 60 });
    drain(() => rates.countCall(asking("one", { org, role: "owner" }), START));
    const slow = asking("one", { org, role: "owner", key });
    for (let count = 0; count < 100; count++) {
      expect(rates.countCall(slow, START).refusal?.details["limit"]).toBe(API_CALLS_PER_MINUTE_OF_ORG);
    }
    expect(rates.countCall(slow, START + 60_000).standing).toMatchObject({ limit: 60, remaining: 59 });
  });

  test("without good credentials count for their address, each kind for itself", () => {
    const rates = new ApiRates();
    expect(drain(() => rates.countRefused("192.0.2.1", START))).toBe(API_CALLS_PER_MINUTE_OF_ADDRESS);
    expect(rates.countRefused("192.0.2.2", START).refusal).toBeNull();
    expect(drain(() => rates.countOpen("192.0.2.1", START))).toBe(API_CALLS_PER_MINUTE_OF_ADDRESS);
    expect(drain(() => rates.countRefused("2001:db8::1", START))).toBe(API_CALLS_PER_MINUTE_OF_ADDRESS);
    expect(rates.countRefused("2001:db8::2:1", START).refusal).not.toBeNull();
    expect(rates.countRefused(null, START).refusal).toBeNull();
  });

  test("that machines have signed count for each machine", () => {
    const rates = new ApiRates();
    const machine = newId("machine");
    expect(drain(() => rates.countCallBack(machine, START))).toBe(CALL_BACKS_PER_MINUTE);
    expect(rates.countCallBack(newId("machine"), START).refusal).toBeNull();
    expect(rates.countRefused("192.0.2.1", START).refusal).toBeNull();
  });

  test("without credentials count together where nobody tells addresses", () => {
    const rates = new ApiRates();
    expect(drain(() => rates.countRefused(null, START))).toBe(API_CALLS_PER_MINUTE_OF_STRANGERS);
    expect(rates.countOpen(null, START).refusal).toBeNull();
    expect(rates.countCall(asking("one"), START).refusal).toBeNull();
  });

  test("are as many as whoever runs the platform says, and as usual where that is no number", () => {
    const rates = new ApiRates();
    const org = orgOf("alpha");
    expect(drain(() => rates.countCall(asking("one"), START, 7))).toBe(7);
    expect(drain(() => rates.countCall(asking("one", { org, role: "owner" }), START, 7))).toBe(7);
    const said = ["90", undefined, "", "many", "0", "-1", "1.5"];
    expect(said.map((text) => callsPerMinute(text === undefined ? {} : { API_CALLS_PER_MINUTE: text }))).toEqual([
      90,
      ...Array.from({ length: 6 }, () => undefined),
    ]);
  });
});
