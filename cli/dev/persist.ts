import { setTimeout as pause } from "node:timers/promises";

import { PlatformError } from "../../contracts/errors.ts";
import { isUnreachable } from "./develop.ts";
import type { Reporter } from "./report.ts";

const RETRY_MS = 500;

/**
 * Asks again and again while nobody answers, and says so once. Answers null when the signal aborts.
 * Refusals are thrown on.
 */
export async function persist<T>(ask: () => Promise<T>, reporter: Reporter, signal: AbortSignal): Promise<T | null> {
  let said = false;
  while (!signal.aborted) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof PlatformError) || !isUnreachable(error)) throw error;
      if (!said) reporter.tell({ type: "waiting", error });
      said = true;
      await pause(RETRY_MS, undefined, { signal }).catch(() => null);
    }
  }
  return null;
}
