import { DATABASE_CHECKPOINT_INTERVAL_MS, DATABASE_VACUUM_INTERVAL_MS } from "../../contracts/limits.ts";
import type { SharedEngine } from "./engine-session.ts";
import { query } from "./messages.ts";

/** Upkeep that a server leaves to background processes, which the embedded database does not have. */
export interface Maintenance {
  stop(): void;
}

/**
 * Starts the upkeep of an embedded database: checkpoints, without which its write-ahead log and the recovery
 * after a kill grow for ever, and a clean-up of dead rows.
 *
 * @param onFailure told when the engine died of it.
 */
export function startMaintenance(shared: SharedEngine, onFailure: (error: unknown) => void): Maintenance {
  const intervals = [
    setInterval(() => upkeep("CHECKPOINT"), DATABASE_CHECKPOINT_INTERVAL_MS),
    setInterval(() => upkeep("VACUUM (ANALYZE)"), DATABASE_VACUUM_INTERVAL_MS),
  ];
  const upkeep = (sql: string): void => void run(shared, sql).catch(onFailure);
  return { stop: () => intervals.forEach(clearInterval) };
}

async function run({ engine, turns }: SharedEngine, sql: string): Promise<void> {
  const endTurn = await turns.take(Infinity);
  try {
    await engine.execute(query(sql));
  } finally {
    endTurn?.();
  }
}
