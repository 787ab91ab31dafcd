import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { LOG_BYTES_READ_PER_PAGE_MAX, LOG_RETENTION_BYTES, LOG_SEGMENTS_PER_PAGE_MAX } from "../../contracts/limits.ts";
import { Database } from "../database.ts";
import { logStub } from "../stubs.ts";
import { anyExecution, execution, logBatch, testEnv } from "../testing/harness.ts";
import { append } from "./append.ts";
import { findExecution } from "./find.ts";
import { listExecutions } from "./list.ts";
import { LOG_MIGRATIONS } from "./schema.ts";

const NOW = Date.now();
const ALL = anyExecution;

/** Runs work on the database of a log of its own. */
function withDatabase<T>(work: (db: Database) => T): Promise<T> {
  return runInDurableObject(logStub(testEnv, newId("org")), (_, state) => {
    const db = new Database(state.storage, LOG_MIGRATIONS);
    db.create(NOW);
    return work(db);
  });
}

const bytesOf = (db: Database) => db.find<{ bytes: number }>("SELECT bytes FROM usage")?.bytes ?? -1;

describe("the bounds of the log", () => {
  it("drop the oldest, with their lines, once it is full, and only then", async () => {
    await withDatabase((db) => {
      const path = `/${"x".repeat(20_000)}`;
      const line = { at: NOW, level: "log" as const, text: "hello" };
      const ids: string[] = [];
      const appendOne = (index: number) => {
        const records = Array.from({ length: 40 }, () => execution(NOW - 1_000 + index, { path }));
        const lines = records.map(({ id }) => ({ executionId: id, lines: [line] }));
        ids.push(records[0]?.id ?? "");
        db.transaction(() => append(db, logBatch("org", records, lines), NOW));
      };
      let count = 0;
      while (bytesOf(db) < LOG_RETENTION_BYTES - 1_000_000) appendOne((count += 1));
      expect(findExecution(db, ids[0] ?? "", NOW)).not.toBeNull();
      for (let more = 0; more < 10; more += 1) appendOne((count += 1));
      expect(bytesOf(db)).toBeLessThanOrEqual(LOG_RETENTION_BYTES);
      expect(bytesOf(db)).toBeGreaterThan(LOG_RETENTION_BYTES - 2_000_000);
      expect(findExecution(db, ids[0] ?? "", NOW)).toBeNull();
      expect(findExecution(db, ids.at(-1) ?? "", NOW)?.lines).toEqual([line]);
      const kept = db
        .all<{ records: string }>("SELECT records FROM segments")
        .reduce((sum, { records }) => sum + (JSON.parse(records) as unknown[]).length, 0);
      const lines = db.find<{ count: number }>("SELECT count(*) AS count FROM lines")?.count ?? 0;
      // The lines of one delivery go with the last of its segments.
      expect(lines - kept).toBeGreaterThanOrEqual(0);
      expect(lines - kept).toBeLessThan(40);
      expect(db.find("SELECT sum(bytes) AS bytes FROM segments")).toEqual({ bytes: bytesOf(db) });
    });
  });

  it("end a search that matches nothing, page by page, with a bounded number of looks each", async () => {
    await withDatabase((db) => {
      const count = 2 * LOG_SEGMENTS_PER_PAGE_MAX + 10;
      db.transaction(() => {
        for (let index = 0; index < count; index += 1) {
          append(db, logBatch("org", [execution(NOW - count + index)]), NOW);
        }
        append(db, logBatch("org", [execution(NOW - count - 5, { status: 404 })]), NOW);
      });
      const sizes: number[] = [];
      let cursor: string | null = null;
      do {
        const input = { filter: { ...ALL, status: "404" }, page: { cursor, limit: 5 } };
        const page = listExecutions(db, input, NOW);
        sizes.push(page.items.length);
        cursor = page.cursor;
      } while (cursor !== null);
      expect(sizes).toEqual([0, 0, 1]);
    });
  });

  it.each([{ status: "404" }, { text: "needle" }])(
    "end a page that has read enough, and lose nothing: %o",
    async (more) => {
      await withDatabase((db) => {
        const path = `/${"x".repeat(10_000)}`;
        const perBatch = 40;
        const batches = Math.ceil((2.5 * LOG_BYTES_READ_PER_PAGE_MAX) / (perBatch * 10_000));
        for (let index = 0; index < batches; index += 1) {
          const records = Array.from({ length: perBatch }, (_, place) =>
            execution(NOW - 10_000 + index, place === 0 ? { path: `${path}needle`, status: 404 } : { path }),
          );
          append(db, logBatch("org", records), NOW);
        }
        let found = 0;
        let pages = 0;
        let cursor: string | null = null;
        do {
          const page = listExecutions(db, { filter: { ...ALL, ...more }, page: { cursor, limit: 100 } }, NOW);
          found += page.items.length;
          cursor = page.cursor;
          pages += 1;
        } while (cursor !== null);
        expect(found).toBe(batches);
        expect(pages).toBeGreaterThan(1);
      });
    },
  );
});
