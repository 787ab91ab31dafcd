import type { Page } from "../page.ts";
import type { IfVersion } from "./kv.ts";
import type { Origin } from "./origin.ts";

/** One document. */
export interface Doc {
  id: string;
  /** JSON text of an object; its `id` is the document's. */
  value: string;
  /** Grows with every write of the collection and is never used twice. */
  version: number;
  /** Epoch milliseconds. */
  createdAt: number;
  updatedAt: number;
}

/** One write. Several in one call happen all or none, in their order. */
export type DocWrite =
  /** Refused where the id is taken. `id` null has the platform make one. */
  | { operation: "insert"; id: string | null; value: string }
  /** The whole document, there or not. */
  | { operation: "put"; id: string; value: string; ifVersion: IfVersion }
  /** JSON Merge Patch (RFC 7396) of a document that is there: null removes a field. */
  | { operation: "update"; id: string; patch: string; ifVersion: IfVersion }
  | { operation: "delete"; id: string; ifVersion: IfVersion };

export interface DocWritten {
  id: string;
  /** The document as it is now; null after a deletion. */
  doc: Doc | null;
  /** Whether it was there before. */
  existed: boolean;
}

/** What to find. */
export interface DocQuery {
  /** JSON text of a filter; `{}` finds all. */
  filter: string;
  /**
   * Fields in order of weight, as dotted paths. Missing fields come first, then null, false, true, numbers, texts by code
   * points, arrays, objects; of a text its beginning counts. Ties, and all where no order is asked for, go by the index
   * that is used, or by id; that order stays the same from page to page.
   */
  sort: { field: string; descending: boolean }[];
  cursor: string | null;
  limit: number;
}

/** A page of what was found. A page may hold less than was asked for and still have a cursor: so much was looked at. */
export interface DocPage extends Page<Doc> {
  /** Documents that were looked at. */
  examined: number;
  /** The index that was used; null where all were looked through. */
  index: string | null;
}

/** An index of a collection: what is sorted and looked up by it. */
export interface DocIndex {
  name: string;
  fields: { field: string; descending: boolean }[];
  /** No two documents may have the same values; documents that lack one of the fields are left alone. */
  unique: boolean;
}

/** What the door to all tenant state has for docs. Refusals are `PlatformError`s. */
export interface DocsDoor {
  docsGet(orgId: string, collection: string, ids: string[]): Promise<(Doc | null)[]>;
  docsFind(orgId: string, collection: string, query: DocQuery): Promise<DocPage>;
  /** Counts to at most so many; `exact` is false where there are more, or where not all could be looked at. Safe. */
  docsCount(orgId: string, collection: string, filter: string, max: number): Promise<{ count: number; exact: boolean }>;
  /** Throws `conflict` with `{ id, version }` where an `ifVersion` does not hold or an id or unique value is taken. Not safe. */
  docsWrite(orgId: string, collection: string, writes: DocWrite[], origin: Origin): Promise<DocWritten[]>;
  listIndexes(orgId: string, collection: string): Promise<DocIndex[]>;
  /** Makes an index, or says nothing where the same is there; throws `conflict` where another has its name. Safe. */
  createIndex(orgId: string, collection: string, index: DocIndex): Promise<DocIndex>;
  /** False when there was none; safe. */
  dropIndex(orgId: string, collection: string, name: string): Promise<boolean>;
}
