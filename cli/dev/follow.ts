import { PlatformError } from "../../contracts/errors.ts";
import { followExecutions } from "../session/tail.ts";
import type { Workplace } from "../session/workplace.ts";
import type { Reporter } from "./report.ts";

/** Executions shown at once of those that ran before the tail was there. */
const BACKLOG_MAX = 100;

/**
 * Shows what a script runs from a time (epoch milliseconds) until the signal aborts. A tail that is
 * refused is told once and missed from then on: what is live does not depend on it.
 */
export async function followScript(
  place: Workplace,
  { script, since }: { script: string; since: number },
  reporter: Reporter,
  signal: AbortSignal,
): Promise<void> {
  const backlog = { limit: BACKLOG_MAX, since: String(since) };
  try {
    for await (const event of followExecutions(place, { filter: { script }, backlog, signal })) {
      // A platform that is away is told where it matters: when a save cannot be sent.
      if (event.type !== "interrupted") reporter.ran(event);
    }
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    reporter.tell({ type: "unlogged", error });
  }
}
