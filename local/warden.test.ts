import * as fc from "fast-check";
import { expect, test } from "vitest";

import { blame, HALF_LIFE_MS, type Death } from "./suspects.ts";
import { COOL_DOWN_MS, REFUSAL_MS, Warden } from "./warden.ts";

const NOW = 1_700_000_000_000;

/** An edge whose journal is written by hand. */
function openEdge(warden: Warden) {
  const { mark, book } = warden.openBook();
  let count = 0;
  return {
    book,
    begin(orgId: string, now: number, versionId = `ver_of_${orgId}`): string {
      const id = `exe_${orgId}_${count++}_${mark}`;
      book.read(`${mark} + ${id} ${orgId} ${versionId}\n`, now);
      return id;
    },
    end: (id: string, now: number) => book.read(`${mark} - ${id}\n`, now),
  };
}

const kindOf = (warden: Warden, orgId: string, now: number) =>
  warden.orders(now, false).verdicts.find((verdict) => verdict.orgId === orgId)?.kind ?? null;

/** One run after another that ends its edge, alone there. */
function killTimes(warden: Warden, times: number, now: number, versionId?: string): void {
  for (let time = 0; time < times; time++) {
    const edge = openEdge(warden);
    edge.begin("org_wild", now, versionId);
    warden.died(edge.book, now, false);
  }
}

test("lets everybody be while no edge has died", () => {
  const warden = new Warden();
  openEdge(warden).begin("org_calm", NOW);
  expect(warden.orders(NOW, false)).toEqual({ journalUntilMs: 0, verdicts: [] });
});

test("has every run journalled for a while after a death", () => {
  const warden = new Warden();
  expect(warden.died(openEdge(warden).book, NOW, false)).toBeNull();
  expect(warden.orders(NOW, false).journalUntilMs).toBe(NOW + 600_000);
});

test("slows an org down after two deaths and refuses it after three, with the reason and the end", () => {
  const warden = new Warden();
  killTimes(warden, 1, NOW);
  expect(kindOf(warden, "org_wild", NOW + COOL_DOWN_MS)).toBeNull();
  killTimes(warden, 1, NOW);
  expect(kindOf(warden, "org_wild", NOW + COOL_DOWN_MS)).toBe("slowed");
  killTimes(warden, 1, NOW);
  const [verdict] = warden.orders(NOW, false).verdicts;
  expect(verdict).toMatchObject({ orgId: "org_wild", kind: "refused", untilMs: NOW + REFUSAL_MS });
  expect(verdict?.reason).toContain("version ver_of_org_wild");
  expect(verdict?.reason).toContain(new Date(NOW + REFUSAL_MS).toISOString());
});

test("refuses an org after two deaths that left nobody serving", () => {
  const warden = new Warden();
  for (let time = 0; time < 2; time++) {
    expect(kindOf(warden, "org_wild", NOW + COOL_DOWN_MS)).toBeNull();
    const edge = openEdge(warden);
    edge.begin("org_wild", NOW);
    warden.died(edge.book, NOW, true);
  }
  expect(kindOf(warden, "org_wild", NOW + COOL_DOWN_MS)).toBe("refused");
});

test("refuses an org for some seconds after each death, so that what waits does not end the next edge", () => {
  const warden = new Warden();
  killTimes(warden, 1, NOW);
  expect(warden.orders(NOW, false).verdicts).toMatchObject([{ kind: "refused", untilMs: NOW + COOL_DOWN_MS }]);
});

test("holds whoever seems to hang an edge, on the one that stands in for it only, until the edge recovers", () => {
  const warden = new Warden();
  const edge = openEdge(warden);
  for (let run = 0; run < 100; run++) edge.end(edge.begin("org_calm", NOW), NOW);
  edge.begin("org_calm", NOW);
  edge.begin("org_wild", NOW);
  expect(warden.suspect([{ book: edge.book, silent: true }], NOW)).toBe(true);
  expect(warden.suspect([{ book: edge.book, silent: true }], NOW)).toBe(false);
  expect(warden.orders(NOW, true).verdicts).toMatchObject([{ orgId: "org_wild", kind: "held" }]);
  expect(warden.orders(NOW, false).verdicts).toEqual([]);
  expect(warden.suspect([{ book: edge.book, silent: false }], NOW)).toBe(true);
  expect(warden.orders(NOW, true).verdicts).toEqual([]);
});

test("keeps an org that has ended an edge off the one that stands in for others", () => {
  const warden = new Warden();
  killTimes(warden, 1, NOW);
  const later = NOW + COOL_DOWN_MS;
  expect(warden.orders(later, true).verdicts).toMatchObject([{ orgId: "org_wild", kind: "refused" }]);
  expect(warden.orders(later, false).verdicts).toEqual([]);
});

test("holds on for a while after the edge has been replaced", () => {
  const warden = new Warden();
  const edge = openEdge(warden);
  edge.begin("org_wild", NOW);
  warden.suspect([{ book: edge.book, silent: true }], NOW);
  const replaced = { book: openEdge(warden).book, silent: false };
  warden.suspect([replaced], NOW + 2_499);
  expect(warden.orders(NOW, true).verdicts).toHaveLength(1);
  warden.suspect([replaced], NOW + 2_500);
  expect(warden.orders(NOW, true).verdicts).toEqual([]);
});

test("does not begin anew for an org that deploys another version", () => {
  const warden = new Warden();
  for (const version of ["ver_1", "ver_2", "ver_3"]) killTimes(warden, 1, NOW, version);
  expect(kindOf(warden, "org_wild", NOW)).toBe("refused");
});

test("doubles each further refusal, up to an hour, and lets an org that has mended its ways go", () => {
  const warden = new Warden();
  killTimes(warden, 3, NOW);
  let now = NOW;
  const lengths = Array.from({ length: 8 }, () => {
    now += 2 * 60 * 60_000;
    killTimes(warden, 3, now);
    return ((warden.orders(now, false).verdicts[0]?.untilMs ?? now) - now) / REFUSAL_MS;
  });
  expect(lengths).toEqual([2, 4, 8, 16, 32, 60, 60, 60]);
  expect(warden.orders(now + HALF_LIFE_MS * 4, false).verdicts).toEqual([]);
});

test("counts edges that died of the same requests as one occasion", () => {
  const warden = new Warden();
  killTimes(warden, 6, NOW);
  expect(warden.orders(NOW, false).verdicts[0]?.untilMs).toBe(NOW + REFUSAL_MS);
});

test("never holds back a steady neighbour with thirty runs in flight while another org kills ten edges", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ pauseRuns: fc.integer({ min: 60, max: 400 }), later: fc.integer({ min: 0, max: 20 }) }), {
        minLength: 10,
        maxLength: 10,
      }),
      (kills) => {
        const warden = new Warden();
        let now = NOW;
        let refusedAfter = 0;
        for (const [index, { pauseRuns, later }] of kills.entries()) {
          const edge = openEdge(warden);
          const flying = Array.from({ length: 30 }, () => edge.begin("org_calm", now));
          const calmRuns = (count: number): void => {
            for (let run = 0; run < count; run++) {
              now += 10;
              edge.end(flying.shift() ?? "", now);
              flying.push(edge.begin("org_calm", now));
            }
          };
          calmRuns(pauseRuns);
          edge.begin("org_wild", now);
          // It may do harm only later, when others have begun since.
          calmRuns(later);
          warden.died(edge.book, now, false);
          expect(kindOf(warden, "org_calm", now)).toBeNull();
          if (refusedAfter === 0 && kindOf(warden, "org_wild", now + COOL_DOWN_MS) === "refused")
            refusedAfter = index + 1;
        }
        expect(refusedAfter).toBeGreaterThan(0);
        expect(refusedAfter).toBeLessThanOrEqual(5);
      },
    ),
    { numRuns: 40 },
  );
});

test("blames no more than there was, and nobody who was not there", () => {
  const suspect = fc.record({
    orgId: fc.constantFrom("org_a", "org_b", "org_c"),
    versionId: fc.constant("ver_1"),
    weight: fc.double({ min: 0.1, max: 3, noNaN: true }),
  });
  const suspects = fc.uniqueArray(suspect, { selector: ({ orgId }) => orgId });
  const deathsOf = fc.array(
    fc.record({ at: fc.integer({ min: NOW - HALF_LIFE_MS, max: NOW }), severity: fc.constantFrom(1, 1.5), suspects }),
  );
  fc.assert(
    fc.property(deathsOf, fc.integer({ min: 0, max: 10_000 }), (deaths: Death[], runs) => {
      const blamed = blame(deaths, (orgId) => (orgId === "org_a" ? runs : 5), NOW);
      const attended = deaths.filter((death) => death.suspects.length > 0);
      const severities = attended.reduce((total, { severity }) => total + severity, 0);
      const sum = blamed.reduce((total, { score }) => total + score, 0);
      expect(sum).toBeLessThanOrEqual(severities + 1e-9);
      expect(sum).toBeGreaterThanOrEqual(severities / 2 - 1e-9);
      const present = new Set(deaths.flatMap((death) => death.suspects.map(({ orgId }) => orgId)));
      expect(new Set(blamed.map(({ orgId }) => orgId))).toEqual(present);
    }),
  );
});

test("suspects a run for a while after its answer, less than those that go on, and then no more", () => {
  const warden = new Warden();
  const edge = openEdge(warden);
  edge.end(edge.begin("org_answered", NOW), NOW);
  edge.begin("org_running", NOW);
  edge.begin("org_last", NOW);
  const weights = (now: number) => edge.book.suspects(now).map(({ orgId, weight }) => [orgId, weight]);
  expect(weights(NOW + 30_000)).toEqual([
    ["org_answered", 0.1],
    ["org_running", 1],
    ["org_last", 3],
  ]);
  expect(weights(NOW + 30_001).map(([orgId]) => orgId)).toEqual(["org_running", "org_last"]);
});

test("passes on what is not the journal, however it is cut, and takes no line without the mark for one", () => {
  const warden = new Warden();
  const { mark, book } = warden.openBook();
  const output = `hello\n${mark} + exe_1 org_a ver_a\njournal-guessed + exe_2 org_b ver_b\nworld\n`;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: output.length }), (cut) => {
      const rest = book.read(output.slice(0, cut), NOW) + book.read(output.slice(cut), NOW);
      expect(rest).toBe("hello\njournal-guessed + exe_2 org_b ver_b\nworld\n");
      expect(book.suspects(NOW)).toEqual([{ orgId: "org_a", versionId: "ver_a", weight: 3 }]);
    }),
  );
});
