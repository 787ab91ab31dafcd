import collectionKvOutbox from "../../migrations/store/0001-collection-kv-outbox.sql";
import docs from "../../migrations/store/0002-docs.sql";
import type { Migration } from "../database.ts";

/** Schema of the Store object. */
export const STORE_MIGRATIONS: readonly Migration[] = [
  { name: "0001-collection-kv-outbox", sql: collectionKvOutbox },
  { name: "0002-docs", sql: docs },
];
