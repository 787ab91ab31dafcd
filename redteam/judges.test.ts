import { describe, expect, it } from "vitest";

import { CLASSES } from "./cases/index.ts";
import { lineOf, summaryOf } from "./report.ts";
import type { Outcome } from "./run.ts";

const ALL = CLASSES.flatMap(({ name, cases }) => cases.map((each) => ({ title: `${name}: ${each.name}`, ...each })));

describe("every judge", () => {
  it("reports an escape when it is shown one", () => {
    const blind = ALL.filter(({ judgeOfBreach }) => judgeOfBreach() === null).map(({ title }) => title);
    expect(blind).toEqual([]);
  });

  it("is of a case that no other case shares its name with", () => {
    const titles = ALL.map(({ title }) => title);
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
  });
});

describe("the report", () => {
  const outcome: Outcome = {
    class: "hosts",
    name: "two\nlines",
    expected: "nothing",
    outcome: "escaped",
    detail: "\u001b[2Jit got out",
    durationMs: 1,
  };

  it("counts what escaped and what could not be tried apart", () => {
    const outcomes = (["contained", "escaped", "broken", "broken"] as const).map((kind) => ({
      ...outcome,
      outcome: kind,
    }));
    const matrix = { endpoints: 1, callers: 3, cases: 3, wrong: ["one"] };
    const figures = { cases: 4, contained: 1, escaped: 1, broken: 2, seconds: 1.3 };
    expect(summaryOf(outcomes, matrix, 1_250)).toEqual({ ...figures, matrixCases: 3, matrixWrong: 1 });
    expect(summaryOf(outcomes, null, 1_250)).toEqual({ ...figures, matrixCases: 0, matrixWrong: 0 });
  });

  it("shows what a script said without obeying it", () => {
    const [line, detail] = lineOf(outcome).split("\n");
    expect(line).toMatch(/^hosts +two\\u\{a\}lines +nothing +escaped$/);
    expect(detail).toBe(String.raw`    \u{1b}[2Jit got out`);
  });
});
