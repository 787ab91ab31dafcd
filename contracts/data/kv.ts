import type { ErrorCode, ErrorDetails } from "../errors.ts";
import type { Page } from "../page.ts";
import type { Origin } from "./origin.ts";

/** One key of a collection. */
export interface KvEntry {
  key: string;
  /** JSON text; null where only the key was asked for. */
  value: string | null;
  /** Grows with every write of the collection and is never used twice, also not after a deletion. */
  version: number;
  /** Epoch milliseconds. */
  updatedAt: number;
  /** When it goes by itself, in epoch milliseconds; null for never. */
  expiresAt: number | null;
}

/** What must be so for a write to happen: this version, or, with 0, no such key; null for nothing. */
export type IfVersion = number | null;

/** One write. Several in one call happen all or none, in their order. */
export type KvWrite =
  | {
      operation: "set";
      key: string;
      /** JSON text. */
      value: string;
      /** Life from now on, in milliseconds; null for ever. */
      ttlMs: number | null;
      ifVersion: IfVersion;
    }
  | { operation: "delete"; key: string; ifVersion: IfVersion };

/** What a write came to. */
export interface KvWritten {
  key: string;
  /** The new version; null where the key is not there (any more). */
  version: number | null;
  /** Whether the key was there before. */
  existed: boolean;
}

/** One of several calls that write: its writes happen all or none, whatever becomes of the others. */
export interface KvCall {
  writes: KvWrite[];
  origin: Origin;
}

/** What became of one of them. */
export type KvOutcome =
  | { ok: true; written: KvWritten[] }
  | { ok: false; error: { code: ErrorCode; message: string; details: ErrorDetails } };

/** Which keys, in the order of their UTF-8 bytes. */
export interface KvRange {
  prefix: string;
  cursor: string | null;
  limit: number;
  /** False leaves the values out. */
  values: boolean;
}

/** What the door to all tenant state has for kv. Refusals are `PlatformError`s. */
export interface KvDoor {
  /** In the order of the keys, null for what is not there; safe. A collection that was never written is empty. */
  kvGet(orgId: string, collection: string, keys: string[], values: boolean): Promise<(KvEntry | null)[]>;
  /** A cursor stays good while others write: it goes on behind the last key that was given; safe. */
  kvList(orgId: string, collection: string, range: KvRange): Promise<Page<KvEntry>>;
  /** Throws `conflict` with `{ key, version }` where an `ifVersion` does not hold; nothing is written then. Not safe. */
  kvWrite(orgId: string, collection: string, writes: KvWrite[], origin: Origin): Promise<KvWritten[]>;
  /** Several such calls in one, in their order. Not safe. */
  kvWriteMany(orgId: string, collection: string, calls: KvCall[]): Promise<KvOutcome[]>;
}
