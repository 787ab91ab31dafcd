import deliveries from "../../migrations/dispatcher/0001-deliveries.sql";
import type { Migration } from "../database.ts";

/** Schema of the Dispatcher. */
export const DISPATCHER_MIGRATIONS: readonly Migration[] = [{ name: "0001-deliveries", sql: deliveries }];
