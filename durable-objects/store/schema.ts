import collectionKvOutbox from "../../migrations/store/0001-collection-kv-outbox.sql";
import docs from "../../migrations/store/0002-docs.sql";
import announced from "../../migrations/store/0003-announced.sql";
import storageQuota from "../../migrations/store/0004-storage-quota.sql";
import type { Migration } from "../database.ts";

/** Schema of the Store object. */
export const STORE_MIGRATIONS: readonly Migration[] = [
  { name: "0001-collection-kv-outbox", sql: collectionKvOutbox },
  { name: "0002-docs", sql: docs },
  { name: "0003-announced", sql: announced },
  { name: "0004-storage-quota", sql: storageQuota },
];
