import { setTimeout as pause } from "node:timers/promises";

import type { Workplace } from "../session/workplace.ts";
import type { Reporter } from "./report.ts";

const LOOK_MS = 500;
const REMEMBERED_MAX = 500;

/** Shows what a script runs from now on, oldest first, until the signal aborts. */
export async function followScript(
  { client, slug }: Workplace,
  script: string,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<void> {
  const seen = new Set<string>();
  const since = Date.now();
  while (!signal.aborted) {
    const page = await client
      .listExecutions({ params: { slug }, query: { script, limit: 50 }, signal })
      .catch(() => ({ items: [] }));
    for (const execution of page.items.reverse()) {
      if (seen.has(execution.id) || execution.startedAt < since) continue;
      seen.add(execution.id);
      reporter.ran(execution);
    }
    for (const id of seen) {
      if (seen.size <= REMEMBERED_MAX) break;
      seen.delete(id);
    }
    await pause(LOOK_MS, undefined, { signal }).catch(() => null);
  }
}
