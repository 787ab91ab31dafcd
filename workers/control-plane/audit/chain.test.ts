import { beforeEach, describe, expect, test } from "vitest";

import { beginningOf, type ChainRow, type Expected, faultOfEnd, follow, hashOf, type Verified } from "./chain.ts";
import { columnsOf, makeEntry } from "./entry.ts";

const CHAIN = "org_0123456789abcdefghjk";
const LENGTH = 5;

async function chainOf(name: string, length: number, salt = ""): Promise<ChainRow[]> {
  const rows: ChainRow[] = [];
  let prevHash = (await beginningOf(name)).hash;
  for (let seq = 1; seq <= length; seq += 1) {
    const entry = makeEntry(
      {
        actor: { type: "user", id: "usr_1", name: "Ü" },
        action: "thing.change",
        target: `t${seq}${salt}`,
        orgId: name,
        details: { b: 1, a: { d: [1.5, null], c: "é" } },
      },
      { id: `aud_${seq}`, at: 1_000 + seq, address: null, requestId: "req_1" },
    );
    const text = JSON.stringify(entry);
    const hash = await hashOf(prevHash, text);
    rows.push({ ...columnsOf(entry), chain: name, seq, prevHash, hash, entry: text });
    prevHash = hash;
  }
  return rows;
}

let rows: ChainRow[];
let start: Verified;
let expected: Expected;
beforeEach(async () => {
  rows = await chainOf(CHAIN, LENGTH);
  start = await beginningOf(CHAIN);
  const head = rows.at(-1) ?? null;
  expected = { head, last: LENGTH, noted: null };
});

const row = (seq: number): ChainRow => rows[seq - 1] ?? expect.fail(`no row ${seq}`);

async function check() {
  const found = await follow(start, rows, expected);
  return found.broken ?? faultOfEnd(found.verified, expected);
}

describe("a chain", () => {
  test("as it was written is whole, also in parts, with its details in another order", async () => {
    row(2).details = { a: { c: "é", d: [1.5, null] }, b: 1 };
    expect(await check()).toBeNull();
    const first = await follow(start, rows.slice(0, 3), expected);
    const second = await follow(first.verified, rows.slice(3), expected);
    expect(second.verified).toMatchObject({ seq: LENGTH, hash: row(LENGTH).hash });
    expect(faultOfEnd(second.verified, expected)).toBeNull();
  });

  test("without entries is whole where nothing is expected", async () => {
    expect(faultOfEnd(start, { head: null, last: null, noted: null })).toBeNull();
  });

  test("shows an entry that was changed", async () => {
    row(3).entry = row(3).entry.replace("t3", "t9");
    expect(await check()).toEqual({ seq: 3, reason: "entry_changed" });
  });

  test("shows an entry that was changed together with its hash, at the next one", async () => {
    row(3).target = "t9";
    row(3).entry = row(3).entry.replace("t3", "t9");
    row(3).hash = await hashOf(row(3).prevHash, row(3).entry);
    expect(await check()).toEqual({ seq: 4, reason: "unlinked" });
  });

  test.each([
    ["at", new Date(5)],
    ["actorType", "key"],
    ["actorId", "usr_2"],
    ["actorName", "Somebody"],
    ["action", "thing.delete"],
    ["target", "t9"],
    ["orgId", null],
    ["details", { b: 1, a: { d: [1.5, null], c: "e" } }],
    ["address", "127.0.0.1"],
    ["requestId", null],
    ["id", "aud_9"],
  ] as const)("shows that the column %s was changed beside its entry", async (name, value) => {
    Object.assign(row(3), { [name]: value });
    expect(await check()).toEqual({ seq: 3, reason: "column_changed" });
  });

  test("shows an entry that was taken from the middle", async () => {
    rows.splice(2, 1);
    expect(await check()).toEqual({ seq: 4, reason: "missing" });
  });

  test("shows one that was taken out where the others moved up", async () => {
    rows.splice(2, 1);
    rows.forEach((each, index) => (each.seq = index + 1));
    expect(await check()).toEqual({ seq: 3, reason: "unlinked" });
  });

  test("shows the first being taken away", async () => {
    rows.splice(0, 1);
    expect(await check()).toEqual({ seq: 2, reason: "missing" });
  });

  test("shows two that changed places", async () => {
    [row(2).seq, row(3).seq] = [3, 2];
    rows.sort((a, b) => a.seq - b.seq);
    expect(await check()).toEqual({ seq: 2, reason: "unlinked" });
  });

  test("shows one that was put in", async () => {
    rows.splice(2, 0, { ...row(2), id: "aud_x" });
    expect(await check()).toEqual({ seq: 2, reason: "repeated" });
  });

  test("shows that its end was cut off", async () => {
    rows.splice(3);
    expect(await check()).toEqual({ seq: LENGTH, reason: "cut_short" });
    expected = { ...expected, last: 3 };
    expect(await check()).toEqual({ seq: LENGTH, reason: "cut_short" });
  });

  test("shows that all of it is gone", async () => {
    rows = [];
    expect(await check()).toEqual({ seq: LENGTH, reason: "cut_short" });
  });

  test("shows entries that were added past the database's own rules", async () => {
    expected = { ...expected, head: row(3) };
    expect(await check()).toEqual({ seq: 4, reason: "beyond_head" });
  });

  test("shows a head that is gone or another one", async () => {
    expected = { ...expected, head: null };
    expect(await check()).toEqual({ seq: LENGTH, reason: "head_missing" });
    expected = { ...expected, head: { seq: LENGTH, hash: "0".repeat(64) } };
    expect(await check()).toEqual({ seq: LENGTH, reason: "head_changed" });
  });

  test("that was written anew from end to end differs from what somebody noted", async () => {
    const noted = { seq: 4, hash: row(4).hash };
    rows = await chainOf(CHAIN, LENGTH, "-other");
    expected = { head: row(LENGTH), last: LENGTH, noted: null };
    expect(await check()).toBeNull();
    expected = { ...expected, noted };
    expect(await check()).toEqual({ seq: 4, reason: "not_as_noted" });
    rows = rows.slice(0, 2);
    expected = { head: row(2), last: 2, noted };
    expect(await check()).toEqual({ seq: 4, reason: "cut_short" });
    expect(faultOfEnd(start, { head: null, last: null, noted })).toEqual({ seq: 4, reason: "cut_short" });
  });

  test("of one org does not pass for that of another", async () => {
    start = await beginningOf("org_other");
    expect(await check()).toEqual({ seq: 1, reason: "unlinked" });
  });
});
