import deliveries from "../../migrations/dispatcher/0001-deliveries.sql";
import cron from "../../migrations/dispatcher/0002-cron.sql";
import queues from "../../migrations/dispatcher/0003-queues.sql";
import webhooks from "../../migrations/dispatcher/0004-webhooks.sql";
import rest from "../../migrations/dispatcher/0005-rest.sql";
import type { Migration } from "../database.ts";

/** Schema of the Dispatcher. */
export const DISPATCHER_MIGRATIONS: readonly Migration[] = [
  { name: "0001-deliveries", sql: deliveries },
  { name: "0002-cron", sql: cron },
  { name: "0003-queues", sql: queues },
  { name: "0004-webhooks", sql: webhooks },
  { name: "0005-rest", sql: rest },
];
