import { WorkerEntrypoint } from "cloudflare:workers";

import type {
  CollectionKind,
  CollectionsDoor,
  CollectionStats,
  CollectionSummary,
} from "../../contracts/data/collections.ts";
import type { Doc, DocIndex, DocPage, DocQuery, DocsDoor, DocWrite, DocWritten } from "../../contracts/data/docs.ts";
import type { KvCall, KvDoor, KvEntry, KvOutcome, KvRange, KvWrite, KvWritten } from "../../contracts/data/kv.ts";
import type { Origin } from "../../contracts/data/origin.ts";
import type { SqlResult, SqlStatement, ToolsDoor } from "../../contracts/data/tools.ts";
import type { Page, PageRequest } from "../../contracts/page.ts";
import type { Env } from "../env.ts";
import type { Remote, StoreName, StoreObject } from "../objects.ts";
import { orgObject, sqlStub, storeStub, toolsStub } from "../stubs.ts";
import { plain } from "./plain.ts";

/** The part of the door that leads to what scripts keep. */
export class DataState extends WorkerEntrypoint<Env> implements KvDoor, DocsDoor, CollectionsDoor, ToolsDoor {
  async kvGet(orgId: string, name: string, keys: string[], values: boolean): Promise<(KvEntry | null)[]> {
    return this.#store({ orgId, kind: "kv", name }, (stub, store) => stub.kvGet(store, keys, values));
  }

  async kvList(orgId: string, name: string, range: KvRange): Promise<Page<KvEntry>> {
    return this.#store({ orgId, kind: "kv", name }, (stub, store) => stub.kvList(store, range));
  }

  async kvWrite(orgId: string, name: string, writes: KvWrite[], origin: Origin): Promise<KvWritten[]> {
    return this.#store({ orgId, kind: "kv", name }, (stub, store) => stub.kvWrite(store, writes, origin));
  }

  async kvWriteMany(orgId: string, name: string, calls: KvCall[]): Promise<KvOutcome[]> {
    return this.#store({ orgId, kind: "kv", name }, (stub, store) => stub.kvWriteMany(store, calls));
  }

  async docsGet(orgId: string, name: string, ids: string[]): Promise<(Doc | null)[]> {
    return this.#store({ orgId, kind: "docs", name }, (stub, store) => stub.docsGet(store, ids));
  }

  async docsFind(orgId: string, name: string, query: DocQuery): Promise<DocPage> {
    return this.#store({ orgId, kind: "docs", name }, (stub, store) => stub.docsFind(store, query));
  }

  async docsCount(
    orgId: string,
    name: string,
    filter: string,
    max: number,
  ): Promise<{ count: number; exact: boolean }> {
    return this.#store({ orgId, kind: "docs", name }, (stub, store) => stub.docsCount(store, filter, max));
  }

  async docsWrite(orgId: string, name: string, writes: DocWrite[], origin: Origin): Promise<DocWritten[]> {
    return this.#store({ orgId, kind: "docs", name }, (stub, store) => stub.docsWrite(store, writes, origin));
  }

  async listIndexes(orgId: string, name: string): Promise<DocIndex[]> {
    return this.#store({ orgId, kind: "docs", name }, (stub, store) => stub.listIndexes(store));
  }

  async createIndex(orgId: string, name: string, index: DocIndex): Promise<DocIndex> {
    return this.#store({ orgId, kind: "docs", name }, (stub, store) => stub.createIndex(store, index));
  }

  async dropIndex(orgId: string, name: string, index: string): Promise<boolean> {
    return this.#store({ orgId, kind: "docs", name }, (stub, store) => stub.dropIndex(store, index));
  }

  async listCollections(orgId: string, kind: CollectionKind, page: PageRequest): Promise<Page<CollectionSummary>> {
    return plain(orgObject(this.env, orgId).listCollections(kind, page));
  }

  async collectionStats(orgId: string, kind: CollectionKind, name: string): Promise<CollectionStats | null> {
    return this.#store({ orgId, kind, name }, (stub, store) => stub.stats(store));
  }

  async dropCollection(orgId: string, kind: CollectionKind, name: string): Promise<boolean> {
    return this.#store({ orgId, kind, name }, (stub, store) => stub.drop(store));
  }

  async counterAdd(orgId: string, name: string, by: number): Promise<number> {
    return toolsStub(this.env, orgId).counterAdd(name, by);
  }

  async lockAcquire(
    orgId: string,
    name: string,
    ttlMs: number,
    token: string | null,
  ): Promise<{ token: string; fence: number; expiresAt: number } | null> {
    return plain(toolsStub(this.env, orgId).lockAcquire(name, ttlMs, token));
  }

  async lockRelease(orgId: string, name: string, token: string): Promise<boolean> {
    return toolsStub(this.env, orgId).lockRelease(name, token);
  }

  async sqlRun(orgId: string, statements: SqlStatement[]): Promise<SqlResult[]> {
    return plain(sqlStub(this.env, orgId).run(statements));
  }

  #store<T>(store: StoreName, call: (stub: Remote<StoreObject>, store: StoreName) => Promise<T>): Promise<T> {
    return plain(call(storeStub(this.env, store), store));
  }
}
