import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

const FOLDER = join(import.meta.dirname, "../../migrations/postgres");
const CHECKSUMS = "local/database/migrations.checksums.json";

interface Journal {
  entries: { idx: number; when: number; tag: string }[];
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const { entries } = readJson(join(FOLDER, "meta/_journal.json")) as Journal;
const written = readJson(join(import.meta.dirname, "migrations.checksums.json")) as Record<string, string>;
const checksumOf = (tag: string): string =>
  createHash("sha256")
    .update(readFileSync(join(FOLDER, `${tag}.sql`)))
    .digest("hex");

test("every migration is dated after the one before it, because an earlier date would pass it over", () => {
  const dates = entries.map(({ when }) => when);
  expect(dates).toEqual([...new Set(dates)].toSorted((a, b) => a - b));
  expect(entries.map(({ idx }) => idx)).toEqual(entries.map((_, position) => position));
});

test("the journal names every file, and nothing else", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".sql"));
  expect(files.toSorted()).toEqual(entries.map(({ tag }) => `${tag}.sql`).toSorted());
});

test("a migration never changes once it is there", () => {
  const found = Object.fromEntries(entries.map(({ tag }) => [tag, checksumOf(tag)]));
  expect(found, `a new migration needs its line in ${CHECKSUMS}; an old one must not be touched`).toEqual(written);
});
