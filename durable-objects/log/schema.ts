import segmentsAndLines from "../../migrations/log/0001-segments-and-lines.sql";
import usage from "../../migrations/log/0002-usage.sql";
import type { Migration } from "../database.ts";

/** Schema of the Log object. */
export const LOG_MIGRATIONS: readonly Migration[] = [
  { name: "0001-segments-and-lines", sql: segmentsAndLines },
  { name: "0002-usage", sql: usage },
];
