import { expect, test } from "vitest";

import { effectiveQuotas, ownQuotasSchema, QUOTA_NAMES, quotasSchema } from "./plans.ts";

test("an org may have what its plan says, but what it has of its own holds instead", () => {
  const plan = { scripts: 10, routes: 20, members: 5 };
  expect(effectiveQuotas(plan, {})).toEqual(plan);
  expect(effectiveQuotas(plan, { scripts: 50, keys: 2 })).toEqual({ ...plan, scripts: 50, keys: 2 });
  expect(effectiveQuotas(plan, { scripts: 0 })).toEqual({ ...plan, scripts: 0 });
});

test("a quota of null is none, whatever the plan says", () => {
  expect(effectiveQuotas({ scripts: 10, routes: 20 }, { scripts: null, keys: null })).toEqual({ routes: 20 });
});

test("an org's own quotas have the names and bounds of a plan's, and may be null", () => {
  for (const name of QUOTA_NAMES) {
    expect(quotasSchema.safeParse({ [name]: null }).success).toBe(false);
    expect(ownQuotasSchema.parse({ [name]: null })).toEqual({ [name]: null });
    expect(ownQuotasSchema.parse({ [name]: 1 })).toEqual({ [name]: 1 });
    expect(ownQuotasSchema.safeParse({ [name]: -1 }).success).toBe(false);
  }
  expect(ownQuotasSchema.safeParse({ cakes: 1 }).success).toBe(false);
});
