import type { DocWrite, DocWritten } from "../../../contracts/data/docs.ts";
import type { IfVersion } from "../../../contracts/data/kv.ts";
import { utf8Length } from "../../../contracts/data/value.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { newId } from "../../../contracts/ids.ts";
import { DOCS_WRITTEN_BYTES_MAX } from "../../../contracts/limits.ts";
import type { Changes } from "../changes.ts";
import { type Content, newContent, type NewContent, patchedContent } from "./content.ts";
import { type DocHead, docOf, findDoc, findHead, removeDoc, storeDoc } from "./doc.ts";
import { type Index, listIndexes } from "./indexes.ts";
import { replaceEntries } from "./entries.ts";

type Insert = Extract<DocWrite, { operation: "insert" }>;
type Put = Extract<DocWrite, { operation: "put" }>;
type Update = Extract<DocWrite, { operation: "update" }>;
type Delete = Extract<DocWrite, { operation: "delete" }>;

/**
 * Makes the writes in their order, each with its event.
 *
 * @throws PlatformError `conflict` with `{ id, version }` where an `ifVersion` does not hold (`version` is the one that is
 * there, 0 for none) or an id or a unique value is taken; `not_found` for a patch of what is not there; `invalid` and
 * `too_large` for what is no document.
 */
export function writeDocs(changes: Changes, writes: readonly DocWrite[]): DocWritten[] {
  const writer = new Writer(changes);
  return writes.map((write) => writer.write(write));
}

/** The same where the collection was never written, for writes that leave it so; null where one of them does not. */
export function writeNoDocs(writes: readonly DocWrite[]): DocWritten[] | null {
  const deletes = writes.filter((write) => write.operation === "delete");
  if (deletes.length < writes.length) return null;
  return deletes.map(({ id, ifVersion }) => {
    checkVersion(id, null, ifVersion);
    return { id, doc: null, existed: false };
  });
}

/** A document before a write; null for its value where nobody needs it. */
type Before = DocHead & { value: string | null };

class Writer {
  readonly #changes: Changes;
  readonly #indexes: Index[];
  #bytes = 0;

  constructor(changes: Changes) {
    this.#changes = changes;
    this.#indexes = listIndexes(changes.db);
  }

  write(write: DocWrite): DocWritten {
    switch (write.operation) {
      case "insert":
        return this.#insert(write);
      case "put":
        return this.#put(write);
      case "update":
        return this.#update(write);
      case "delete":
    }
    return this.#delete(write);
  }

  #insert({ id: given, value }: Insert): DocWritten {
    const id = given ?? newId("document");
    const before = given === null ? null : findHead(this.#changes.db, id);
    if (before !== null) throw taken(before);
    return this.#store(id, null, newContent(id, value));
  }

  #put({ id, value, ifVersion }: Put): DocWritten {
    const before = this.#find(id, "update");
    checkVersion(id, before, ifVersion);
    return this.#store(id, before, newContent(id, value));
  }

  #update({ id, patch, ifVersion }: Update): DocWritten {
    const before = findDoc(this.#changes.db, id);
    checkVersion(id, before, ifVersion);
    if (before === null) throw absent(id);
    this.#weigh(before.bytes);
    return this.#store(id, before, patchedContent(id, before.value, patch));
  }

  #store(id: string, before: Before | null, { content, value }: NewContent): DocWritten {
    const changes = this.#changes;
    const bytes = utf8Length(value);
    this.#weigh(bytes);
    const version = changes.nextVersion();
    const row = { id, version, created_at: before?.created_at ?? changes.now, updated_at: changes.now, bytes, value };
    storeDoc(changes.db, row);
    const entries = replaceEntries(changes.db, this.#indexes, { id, before: this.#contentOf(before), content });
    changes.grew(before === null ? 1 : 0, bytes - (before?.bytes ?? 0) + entries);
    const operation = before === null ? "insert" : "update";
    changes.record({ operation, key: id, prev: before?.value ?? null, next: value, version });
    return { id, doc: docOf(row), existed: before !== null };
  }

  #delete({ id, ifVersion }: Delete): DocWritten {
    const changes = this.#changes;
    const before = this.#find(id, "delete");
    checkVersion(id, before, ifVersion);
    if (before === null) return { id, doc: null, existed: false };
    removeDoc(changes.db, id);
    const entries = replaceEntries(changes.db, this.#indexes, { id, before: this.#contentOf(before), content: null });
    changes.grew(-1, entries - before.bytes);
    changes.record({ operation: "delete", key: id, prev: before.value, next: null, version: changes.nextVersion() });
    return { id, doc: null, existed: true };
  }

  /** What is there; with its value where an index or an event needs it. */
  #find(id: string, operation: "update" | "delete"): Before | null {
    const head = findHead(this.#changes.db, id);
    if (head === null) return null;
    if (this.#indexes.length === 0 && !this.#changes.mayMatter(operation, id)) return { ...head, value: null };
    this.#weigh(head.bytes);
    return findDoc(this.#changes.db, id);
  }

  #contentOf(before: Before | null): Content | null {
    if (this.#indexes.length === 0 || before === null || before.value === null) return null;
    return JSON.parse(before.value) as Content;
  }

  /** A small patch of each of many big documents is a big write. */
  #weigh(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > DOCS_WRITTEN_BYTES_MAX) throw tooMuch();
  }
}

function checkVersion(id: string, before: DocHead | null, ifVersion: IfVersion): void {
  const version = before?.version ?? 0;
  if (ifVersion === null || ifVersion === version) return;
  const is = version === 0 ? "not there" : `at version ${version}`;
  throw new PlatformError(
    "conflict",
    `The document ${JSON.stringify(id)} is ${is}, not ${ifVersion === 0 ? "free" : `at version ${ifVersion}`}. ` +
      "Read it again, and write what follows from that.",
    { id, version },
  );
}

const taken = ({ id, version }: DocHead): PlatformError =>
  new PlatformError(
    "conflict",
    `There is a document ${JSON.stringify(id)} already. Put it to replace it, or insert under another id.`,
    { id, version },
  );

const absent = (id: string): PlatformError =>
  new PlatformError("not_found", `There is no document ${JSON.stringify(id)} to update. Put it to make it.`, { id });

const tooMuch = (): PlatformError =>
  new PlatformError(
    "too_large",
    `One call writes at most ${DOCS_WRITTEN_BYTES_MAX} bytes of documents, as they were and as they are then. Use several.`,
    { limitBytes: DOCS_WRITTEN_BYTES_MAX },
  );
