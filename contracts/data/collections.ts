import type { Page, PageRequest } from "../page.ts";

export const COLLECTION_KINDS = ["kv", "docs"] as const;
export type CollectionKind = (typeof COLLECTION_KINDS)[number];

/** One collection of an org. */
export interface CollectionSummary {
  kind: CollectionKind;
  name: string;
  createdAt: number;
}

/** How big a collection is. */
export interface CollectionStats {
  /** Keys or documents. */
  count: number;
  /** Bytes of its storage. */
  bytes: number;
  /** Bytes that it may have. */
  bytesMax: number;
  /** What to do about its size before it hurts; null while there is nothing to do. */
  warning: string | null;
}

/** What the door to all tenant state has for collections as such. */
export interface CollectionsDoor {
  listCollections(orgId: string, kind: CollectionKind, page: PageRequest): Promise<Page<CollectionSummary>>;
  /** Null where the collection was never written; safe. */
  collectionStats(orgId: string, kind: CollectionKind, name: string): Promise<CollectionStats | null>;
  /** Removes a collection with all that is in it, without events; safe. False when there was none. */
  dropCollection(orgId: string, kind: CollectionKind, name: string): Promise<boolean>;
}
