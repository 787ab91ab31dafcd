import type { KvEntry } from "../../../contracts/data/kv.ts";

/** A key as a list or a get reads it; without `value` where only the key was asked for. */
export type EntryRow = {
  key: string;
  version: number;
  updated_at: number;
  expires_at: number | null;
  bytes: number;
  value?: string;
};

/** The columns of an {@link EntryRow}; the value stands last, so that it is not read where it is not asked for. */
export const entryColumns = (values: boolean): string =>
  `key, version, updated_at, expires_at, bytes${values ? ", value" : ""}`;

/** Whether a key has come to its end, whether or not it was removed. */
export const isExpired = (row: { expires_at: number | null }, now: number): boolean =>
  row.expires_at !== null && row.expires_at <= now;

export const entryOf = (row: EntryRow): KvEntry => ({
  key: row.key,
  value: row.value ?? null,
  version: row.version,
  updatedAt: row.updated_at,
  expiresAt: row.expires_at,
});
