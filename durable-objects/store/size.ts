import type { CollectionStats } from "../../contracts/data/collections.ts";
import { PlatformError } from "../../contracts/errors.ts";
import {
  COLLECTION_BYTES_MAX,
  COLLECTION_BYTES_WARN,
  STORAGE_STEP_BYTES,
  STORAGE_STEP_SHARE,
} from "../../contracts/limits.ts";

const mebibytes = (bytes: number): string => `${Math.floor(bytes / 1024 / 1024)} MiB`;

/** Throws `over_budget` where a collection that has grown is bigger than it may be. */
export function checkSize(bytes: number): void {
  if (bytes <= COLLECTION_BYTES_MAX) return;
  throw new PlatformError(
    "over_budget",
    `The collection is full: it may have ${mebibytes(COLLECTION_BYTES_MAX)}. Delete from it, or use a second one. Events that wait count, too.`,
    { usage: bytes, limit: COLLECTION_BYTES_MAX },
  );
}

/** Throws `over_quota` where a collection grows whose org stores as much as its plan allows. */
export function checkQuota(overQuota: { limit: number; used: number } | null): void {
  if (overQuota === null) return;
  const { limit, used } = overQuota;
  const message =
    `This org stores ${used} of the ${limit} bytes that its plan allows, and its collections may not grow. ` +
    "Delete what is not needed, or ask an admin of the platform for a larger plan.";
  throw new PlatformError("over_quota", message, { quota: "storageBytes", limit, used });
}

/** Whether a size, in bytes, moved so much since its org was told that it is to be told again. */
export function isWorthTelling(bytes: number, toldBytes: number): boolean {
  return Math.abs(bytes - toldBytes) >= Math.max(STORAGE_STEP_BYTES, toldBytes * STORAGE_STEP_SHARE);
}

/** What to know of a collection's size. */
export function statsOf(count: number, bytes: number): CollectionStats {
  const share = Math.floor((bytes / COLLECTION_BYTES_MAX) * 100);
  const warning =
    bytes < COLLECTION_BYTES_WARN
      ? null
      : `The collection uses ${share} % of the ${mebibytes(COLLECTION_BYTES_MAX)} that it may have; beyond that, ` +
        "writes that make it grow are refused. Delete what is not needed, or spread it over several collections.";
  return { count, bytes, bytesMax: COLLECTION_BYTES_MAX, warning };
}
