import { describe, expect, it } from "vitest";

import type { Budget } from "../../../contracts/budgets.ts";
import { workplace } from "../../testing/workplace.ts";

const BUDGET: Budget = {
  kind: "money",
  currency: "EUR",
  amountMinor: 5_000,
  warnPercents: [50, 80, 100],
  onReached: "stop",
};
const spent = {
  currency: "EUR",
  micros: 12_345_678,
  parts: { requests: 12_345_678, executions: 0, cpuMs: 0, storage: 0 },
};
const standing = (budget: Budget | null, currency: string | null = "EUR") => ({
  budget,
  currency,
  spent: currency === null ? null : { ...spent, currency },
  spentPercent: budget === null ? null : 24,
  monthAt: Date.UTC(2026, 10),
  resetsAt: Date.UTC(2026, 11),
});
/** A control plane whose org has a budget, and takes another. */
const plane = (before: Budget | null, currency: string | null = "EUR") =>
  workplace({
    getBudget: () => standing(before, currency),
    putBudget: ({ body }) => standing(body, currency),
    deleteBudget: () => undefined,
  });

describe("a budget", () => {
  it("is shown with what is spent, and what follows", async () => {
    const { isola } = await plane(BUDGET);
    const { out } = await isola(["budget", "get"]);
    expect(out).toMatch(/^budget +50\.00 EUR a month$/m);
    expect(out).toMatch(/^spent +12\.34 EUR \(24 %\)$/m);
    expect(out).toMatch(/^warns at +50, 80, 100 %$/m);
    expect(out).toMatch(/^when spent +requests are refused, events wait$/m);
    expect(out).toMatch(/^begins anew +2026-12-01, 00:00 UTC$/m);
  });

  it("that there is not is said so, with the cost where there is one", async () => {
    expect((await (await plane(null)).isola(["budget", "get"])).out).toBe(
      "hello has no budget. It cost 12.34 EUR this month so far.\n",
    );
    expect((await (await plane(null, null)).isola(["budget", "get"])).out).toBe(
      "hello has no budget. Nothing that it uses has a price.\n",
    );
  });

  it("is set by amount, stages and whether it stops", async () => {
    const { isola, plane: seen } = await plane(null);
    const words = ["budget", "set", "--amount", "50.00", "--warn", "50, 90", "--stop"];
    expect((await isola(words)).code).toBe(0);
    expect(seen.seen.at(-1)).toMatchObject({
      method: "PUT",
      path: "/api/v1/orgs/hello/budget",
      body: { ...BUDGET, warnPercents: [50, 90] },
    });
    await isola(["budget", "set", "--amount", "7"]);
    expect(seen.seen.at(-1)?.body).toEqual({ ...BUDGET, amountMinor: 700, onReached: "warn" });
  });

  it("keeps what is not named when it is changed", async () => {
    const { isola, plane: seen } = await plane({ ...BUDGET, warnPercents: [90, 100] });
    await isola(["budget", "set", "--amount", "75.50"]);
    expect(seen.seen.at(-1)?.body).toEqual({ ...BUDGET, amountMinor: 7_550, warnPercents: [90, 100] });
    await isola(["budget", "set", "--no-stop", "--warn", "none"]);
    expect(seen.seen.at(-1)?.body).toEqual({ ...BUDGET, warnPercents: [], onReached: "warn" });
  });

  it("is given in the coins of the platform's currency", async () => {
    const { isola, plane: seen } = await plane(null, "JPY");
    await isola(["budget", "set", "--amount", "5000"]);
    expect(seen.seen.at(-1)?.body).toMatchObject({ currency: "JPY", amountMinor: 5_000 });
    const refused = await isola(["budget", "set", "--amount", "50.00"]);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining("an amount of JPY such as 5000")]);
  });

  it.each([
    [[], "Nothing to change"],
    [["--stop"], "There is no budget yet"],
    [["--stop", "--no-stop"], "not both"],
    [["--amount", "50.005"], "--amount must be"],
    [["--amount", "0"], "--amount must be"],
    [["--amount", "50", "--warn", "0"], "--warn must be"],
    [["--amount", "50", "--warn", "50;80"], "--warn must be"],
  ])("is not set by %j", async (words, message) => {
    const { isola, plane: seen } = await plane(null);
    const { code, err } = await isola(["budget", "set", ...words]);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(seen.seen.filter(({ method }) => method !== "GET")).toEqual([]);
  });

  it("is no use where nothing has a price", async () => {
    const { isola } = await plane(null, null);
    const { code, err } = await isola(["budget", "set", "--amount", "50"]);
    expect([code, err]).toEqual([1, expect.stringContaining("Nothing has a price")]);
  });

  it("is cleared", async () => {
    const { isola, plane: seen } = await plane(BUDGET);
    expect((await isola(["budget", "clear"])).out).toBe("hello has no budget any more.\n");
    expect(seen.seen[0]).toMatchObject({ method: "DELETE", path: "/api/v1/orgs/hello/budget" });
  });
});
