import { sql } from "drizzle-orm";

import journal from "../../migrations/postgres/meta/_journal.json" with { type: "json" };
import { failureOf } from "./failure.ts";
import type { Scope } from "./scope.ts";

interface Part {
  ok: boolean;
  durationMs: number;
  message?: string;
}

/** Whether what the control plane stands on can be reached: the database, and objects with their storage and KV. */
export async function readiness(scope: Scope): Promise<{ ok: boolean; parts: Record<string, Part> }> {
  const [database, objects, kv] = await Promise.all([
    probe(scope, () => scope.database.execute(sql`select 1`)),
    probe(scope, () => scope.state.ping("objects")),
    probe(scope, () => scope.state.ping("kv")),
  ]);
  return { ok: database.ok && objects.ok && kv.ok, parts: { database, objects, kv } };
}

/** What is running here: product, API, newest database migration, SDK. */
export function versions(product: string): { product: string; api: string; schema: string; sdk: string } {
  return { product, api: "v1", schema: journal.entries.at(-1)?.tag ?? "", sdk: product };
}

async function probe(scope: Scope, ask: () => Promise<unknown>): Promise<Part> {
  const began = Date.now();
  try {
    await ask();
    return { ok: true, durationMs: Date.now() - began };
  } catch (error) {
    return { ok: false, durationMs: Date.now() - began, message: failureOf(error, scope.requestId).error.message };
  }
}
