import { describe, expect, it } from "vitest";

import { isClean, judge, sum, type Evidence } from "./judge.ts";

const seenOf = (key: string, id: string, org = "a", attempt = 1) =>
  ["kv", "docs", "queue"].map((kind) => ({ key: `${kind}/${key}/${id}`, value: { org, attempt } }));

const clean: Evidence = {
  org: "a",
  acknowledged: new Set(["a-1", "a-2"]),
  kvKeys: new Set(["a-1", "a-2", "a-3"]),
  docIds: new Set(["a-1", "a-2"]),
  seen: [...seenOf("a-1", "dlv_1"), ...seenOf("a-2", "dlv_2", "a", 3)],
  ticks: [{ key: "1000/dlv_3", value: {} }],
  deadLetters: 0,
};

describe("the judge of a crash run", () => {
  it("finds nothing where everything acknowledged is there and was told once", () => {
    const verdict = judge(clean);
    expect(verdict).toMatchObject({ acknowledged: 2, events: 6, ticks: 1, repeated: 3 });
    expect(isClean(verdict)).toBe(true);
  });

  it.each<[string, Partial<Evidence>, object]>([
    ["a write that is gone", { docIds: new Set(["a-1"]) }, { lostWrites: 1 }],
    ["an event that reached no handler", { seen: seenOf("a-1", "dlv_1") }, { lostEvents: 3 }],
    [
      "an event under two ids",
      { seen: [...clean.seen, { key: "kv/a-1/dlv_9", value: { org: "a", attempt: 1 } }] },
      { secondIds: 1 },
    ],
    [
      "an event of another org",
      { seen: [...clean.seen, { key: "kv/b-1/dlv_9", value: { org: "b", attempt: 1 } }] },
      { foreign: 1 },
    ],
    ["a due time that fired twice", { ticks: [...clean.ticks, { key: "1000/dlv_4", value: {} }] }, { ticksTwice: 1 }],
  ])("finds %s", (_, change, found) => {
    const verdict = judge({ ...clean, ...change });
    expect(verdict).toMatchObject(found);
    expect(isClean(verdict)).toBe(false);
  });

  it("adds up what several orgs have to show", () => {
    expect(sum([judge(clean), judge({ ...clean, ticks: [] })])).toMatchObject({ acknowledged: 4, ticks: 1 });
  });
});
