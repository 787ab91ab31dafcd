import segmentsAndLines from "../../migrations/log/0001-segments-and-lines.sql";
import usage from "../../migrations/log/0002-usage.sql";
import storageOfMonths from "../../migrations/log/0003-storage-of-months.sql";
import type { Migration } from "../database.ts";

/** Schema of the Log object. */
export const LOG_MIGRATIONS: readonly Migration[] = [
  { name: "0001-segments-and-lines", sql: segmentsAndLines },
  { name: "0002-usage", sql: usage },
  { name: "0003-storage-of-months", sql: storageOfMonths },
];
