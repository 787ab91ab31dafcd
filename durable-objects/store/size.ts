import type { CollectionStats } from "../../contracts/data/collections.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { COLLECTION_BYTES_MAX, COLLECTION_BYTES_WARN } from "../../contracts/limits.ts";

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
