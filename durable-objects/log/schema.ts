import segmentsAndLines from "../../migrations/log/0001-segments-and-lines.sql";
import type { Migration } from "../database.ts";

/** Schema of the Log object. */
export const LOG_MIGRATIONS: readonly Migration[] = [{ name: "0001-segments-and-lines", sql: segmentsAndLines }];
