import { TOMBSTONE_MS } from "../contracts/limits.ts";
import type { WakeUp } from "./alarms.ts";
import type { Database } from "./database.ts";

/** Removes an erased object's tombstone when nothing late can arrive any more. */
export function tombstoneWakeUp(db: Database): WakeUp {
  return {
    dueAt: () => (db.erasedAt === null ? null : db.erasedAt + TOMBSTONE_MS),
    run: () => db.forget(),
  };
}
