import locksAndCounters from "../../migrations/tools/0001-locks-and-counters.sql";
import type { Migration } from "../database.ts";

/** Schema of the Tools object. */
export const TOOLS_MIGRATIONS: readonly Migration[] = [{ name: "0001-locks-and-counters", sql: locksAndCounters }];
