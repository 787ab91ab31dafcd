import { expect, test } from "vitest";

import { FIRST_RUNS, Journal } from "./journal.ts";
import { Quarantine } from "./quarantine.ts";

const NOW = 1_000_000;
const refused = (orgId: string) => ({ orgId, kind: "refused" as const, reason: "It ends edges.", untilMs: NOW + 100 });

const inMemory = (mark: string | null = "mark") => {
  const lines: string[] = [];
  return { lines, journal: new Journal(mark, (line) => lines.push(line)) };
};

test("holds an org back until its time is over, and nobody else", () => {
  const quarantine = new Quarantine();
  expect(quarantine.active).toBe(false);
  quarantine.set([refused("org_a")]);
  expect(quarantine.active).toBe(true);
  expect(quarantine.verdictOf("org_a", NOW + 99)).toEqual(refused("org_a"));
  expect(quarantine.verdictOf("org_b", NOW)).toBeNull();
  expect(quarantine.verdictOf("org_a", NOW + 100)).toBeNull();
  expect(quarantine.active).toBe(false);
});

test("forgets the verdicts that held before new ones", () => {
  const quarantine = new Quarantine();
  quarantine.set([refused("org_a")]);
  quarantine.set([refused("org_b")]);
  expect(quarantine.verdictOf("org_a", NOW)).toBeNull();
  expect(quarantine.verdictOf("org_b", NOW)).not.toBeNull();
});

test("lets the runs of a held org go on as soon as it is no longer held, and says what holds then", async () => {
  const quarantine = new Quarantine();
  const untilMs = Date.now() + 60_000;
  quarantine.set([{ ...refused("org_a"), kind: "held", untilMs }]);
  const waiting = quarantine.released("org_a");
  expect(await Promise.race([waiting, scheduler.wait(50)])).toBeUndefined();
  quarantine.set([{ ...refused("org_a"), untilMs }]);
  expect(await waiting).toMatchObject({ kind: "refused" });
  quarantine.set([{ ...refused("org_a"), kind: "held", untilMs: Date.now() + 30 }]);
  expect(await quarantine.released("org_a")).toBeNull();
});

test("journals the first runs of each version, then none", () => {
  const { journal } = inMemory();
  const wanted = (version: string) => Array.from({ length: FIRST_RUNS + 2 }, () => journal.wants(version, NOW));
  const firstOnly = [...Array.from({ length: FIRST_RUNS }, () => true), false, false];
  expect(wanted("ver_a")).toEqual(firstOnly);
  expect(wanted("ver_b")).toEqual(firstOnly);
});

test("journals every run while it is told to", () => {
  const { journal } = inMemory();
  for (let run = 0; run < FIRST_RUNS; run++) journal.wants("ver_a", NOW);
  journal.set(NOW + 10);
  expect(journal.wants("ver_a", NOW + 9)).toBe(true);
  expect(journal.wants("ver_a", NOW + 10)).toBe(false);
});

test("writes a line when a run begins and when it ends", () => {
  const { journal, lines } = inMemory();
  journal.runBegan("exe_1", "org_a", "ver_a");
  journal.runEnded("exe_1");
  expect(lines).toEqual(["mark + exe_1 org_a ver_a", "mark - exe_1"]);
});

test("wants nothing where nobody reads the journal", () => {
  const { journal } = inMemory(null);
  journal.set(NOW + 1_000);
  expect(journal.wants("ver_a", NOW)).toBe(false);
});
