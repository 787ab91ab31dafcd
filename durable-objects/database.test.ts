import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";

import { newId } from "../contracts/ids.ts";
import { Database, type Migration } from "./database.ts";
import { logStub } from "./stubs.ts";
import { testEnv } from "./testing/harness.ts";

const FIRST: Migration = { name: "0001", sql: "CREATE TABLE words (word TEXT); CREATE INDEX by_word ON words (word)" };
const SECOND: Migration = { name: "0002", sql: "ALTER TABLE words ADD COLUMN language TEXT DEFAULT 'en'" };
const BROKEN: Migration = { name: "0002", sql: "CREATE TABLE more (word TEXT); INSERT INTO missing VALUES (1)" };

/** Runs work on the empty storage of an object of its own. */
const withStorage = <T>(work: (storage: DurableObjectStorage) => T) =>
  runInDurableObject(logStub(testEnv, newId("org")), (_, state) => work(state.storage));

function opened(storage: DurableObjectStorage, ...migrations: Migration[]): Database {
  const db = new Database(storage, migrations);
  db.open(1);
  return db;
}

describe("an object's database", () => {
  it("has no tables until it is created, however often it is opened", async () => {
    await withStorage((storage) => {
      expect(opened(storage, FIRST).exists).toBe(false);
      const db = opened(storage, FIRST);
      expect(db.exists).toBe(false);
      db.create(1);
      expect(db.all("SELECT * FROM words")).toEqual([]);
      expect(opened(storage, FIRST).exists).toBe(true);
    });
  });

  it("applies a new migration to what is there, each once, and keeps the rows", async () => {
    await withStorage((storage) => {
      const before = opened(storage, FIRST);
      before.create(1);
      before.run("INSERT INTO words VALUES ('hello')");
      for (const db of [opened(storage, FIRST, SECOND), opened(storage, FIRST, SECOND)]) {
        expect(db.all("SELECT * FROM words")).toEqual([{ word: "hello", language: "en" }]);
      }
    });
  });

  it("keeps the old schema where a migration fails halfway", async () => {
    await withStorage((storage) => {
      opened(storage, FIRST).create(1);
      expect(() => opened(storage, FIRST, BROKEN)).toThrow("missing");
      const db = opened(storage, FIRST);
      expect(db.all("SELECT name FROM sqlite_master WHERE name = 'more'")).toEqual([]);
    });
  });

  it("does not exist when the transaction that created it fails", async () => {
    await withStorage((storage) => {
      const db = opened(storage, FIRST);
      const failing = () =>
        db.transaction(() => {
          db.create(1);
          throw new Error("no");
        });
      expect(failing).toThrow("no");
      expect(db.exists).toBe(false);
      expect(opened(storage, FIRST).exists).toBe(false);
    });
  });
});
