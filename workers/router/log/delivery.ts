import type { StateDoor } from "../../../contracts/doors.ts";
import { LOG_FLUSH_INTERVAL_MS, STATE_CALL_MS } from "../../../contracts/limits.ts";
import { orgRates } from "../admission/org-rates.ts";
import { withDeadline } from "../deadline.ts";
import { type UsageMeter, usageMeter } from "../usage/meter.ts";
import { LogBuffer } from "./buffer.ts";

/** The one buffer of this isolate. */
export const logBuffer = new LogBuffer();

let deliveringUntil = 0;
let scheduledUntil = 0;

/**
 * Hands the buffer, and what the meter counted, to the log, one delivery at a time. What fails is put back and tried
 * again with the next delivery; the log ignores what it has already.
 */
export async function deliverLog(
  state: Pick<StateDoor, "appendLog">,
  buffer: LogBuffer = logBuffer,
  meter: UsageMeter = usageMeter,
): Promise<void> {
  const now = Date.now();
  if (now < deliveringUntil || (buffer.size === 0 && !meter.waits)) return;
  deliveringUntil = now + STATE_CALL_MS + LOG_FLUSH_INTERVAL_MS;
  const batches = buffer.take();
  const usage = meter.take(now);
  try {
    const appended = await withDeadline(state.appendLog(batches, usage), STATE_CALL_MS, "Delivering the log");
    meter.settle(usage, appended);
    const at = Date.now();
    for (const { orgId, otherRequestsPerSecond } of appended.standings) {
      orgRates.setOthers(orgId, otherRequestsPerSecond, at);
    }
    buffer.putBack(batches.filter(({ orgId }) => appended.failedOrgs.includes(orgId)));
  } catch {
    meter.settle(usage, null);
    buffer.putBack(batches);
  } finally {
    deliveringUntil = 0;
  }
}

/** Whether a delivery is on its way. */
export const isDelivering = (): boolean => Date.now() < deliveringUntil;

/** Lets one request of each interval carry the log out after its response, where nobody polls for it. */
export function scheduleDelivery(ctx: Pick<ExecutionContext, "waitUntil">, state: Pick<StateDoor, "appendLog">): void {
  const now = Date.now();
  if (now < scheduledUntil) return;
  // A request that is cut off takes its wait with it; the bound in time lets the next one take over.
  scheduledUntil = now + LOG_FLUSH_INTERVAL_MS;
  ctx.waitUntil(scheduler.wait(LOG_FLUSH_INTERVAL_MS).then(() => deliverLog(state)));
}
