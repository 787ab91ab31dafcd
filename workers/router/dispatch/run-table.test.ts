import { describe, expect, it } from "vitest";

import { platformErrorOf } from "../../../contracts/errors.ts";
import { WAIT_UNTIL_MS } from "../../../contracts/limits.ts";
import { effectiveLimits } from "../../../contracts/script-limits.ts";
import { RunTable, spend } from "./run-table.ts";

const NOW = 1_000_000;
const holder = { orgId: "org_a", scriptId: "scr_a" };
const runOf = (executionId: string, more: object = {}) => ({
  ...holder,
  executionId,
  scriptName: "a",
  limits: effectiveLimits({ subrequests: 2, egressBytes: 10 }),
  depth: 0,
  eventDepth: 0,
  dueAt: NOW + 1_000,
  ...more,
});

describe("the table of runs", () => {
  it("finds a run by the id that its own script names", () => {
    const table = new RunTable();
    const one = table.begin(runOf("exe_1"));
    const two = table.begin(runOf("exe_2"));
    expect(table.find(holder, "exe_1", NOW)).toBe(one);
    expect(table.find(holder, "exe_2", NOW)).toBe(two);
  });

  it("never finds another script's run, whatever is named", () => {
    const table = new RunTable();
    table.begin(runOf("exe_1"));
    for (const named of ["exe_1", undefined, null, 7, {}, [], () => "exe_1"]) {
      expect(table.find({ orgId: "org_b", scriptId: "scr_b" }, named, NOW)).toBeNull();
    }
  });

  it("takes the latest run of the script where none is named", () => {
    const table = new RunTable();
    table.begin(runOf("exe_1"));
    const two = table.begin(runOf("exe_2"));
    for (const named of ["exe_unknown", undefined, 7, {}]) expect(table.find(holder, named, NOW)).toBe(two);
  });

  it("lets a run live on after its answer for the time of waitUntil and no longer", () => {
    const table = new RunTable();
    const run = table.begin(runOf("exe_1"));
    table.answered(run, NOW);
    expect(table.find(holder, "exe_1", NOW + WAIT_UNTIL_MS - 1)).toBe(run);
    expect(table.find(holder, "exe_1", NOW + WAIT_UNTIL_MS)).toBeNull();
  });

  it("forgets the dead, and keeps a bounded number of those that have answered", () => {
    const table = new RunTable();
    for (let index = 0; index < 12_000; index++) table.answered(table.begin(runOf(`exe_${index}`)), NOW);
    expect(table.size).toBe(10_000);
    table.answered(table.begin(runOf("exe_last")), NOW + WAIT_UNTIL_MS);
    expect(table.size).toBe(1);
  });
});

describe("a budget", () => {
  it("is spent before what it pays for, and names itself when it is used up", () => {
    const run = new RunTable().begin(runOf("exe_1"));
    spend(run, "subrequests", 1);
    spend(run, "subrequests", 1);
    spend(run, "egressBytes", 10);
    const refusals = (["subrequests", "egressBytes"] as const).map((limit) => {
      try {
        spend(run, limit, 1);
      } catch (error) {
        return platformErrorOf(error);
      }
      return null;
    });
    expect(refusals.map((refusal) => refusal?.code)).toEqual(["over_budget", "over_budget"]);
    expect(refusals[0]?.message).toContain("limit of 2 requests through fetch");
    expect(run).toMatchObject({ subrequests: 2, egressBytes: 10, broken: "subrequests" });
  });
});
