import type { Doc } from "../../../contracts/data/docs.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { DATA_BATCH_BYTES_MAX } from "../../../contracts/limits.ts";
import type { Database } from "../../database.ts";
import { docOf, findDoc } from "./doc.ts";

/**
 * Documents in the order asked for, null for what is not there.
 *
 * @throws PlatformError `too_large` when they are more than one call carries.
 */
export function getDocs(db: Database, ids: readonly string[]): (Doc | null)[] {
  let bytes = 0;
  return ids.map((id) => {
    const row = findDoc(db, id);
    bytes += row?.bytes ?? 0;
    if (bytes > DATA_BATCH_BYTES_MAX) throw tooMuch();
    return row === null ? null : docOf(row);
  });
}

const tooMuch = (): PlatformError =>
  new PlatformError(
    "too_large",
    `The documents asked for are over ${DATA_BATCH_BYTES_MAX} bytes together. Ask for fewer at a time.`,
    { limitBytes: DATA_BATCH_BYTES_MAX },
  );
