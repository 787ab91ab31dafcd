import type { StateDoor } from "../../../contracts/doors.ts";
import { usageMeter } from "../usage/meter.ts";
import { deliverLog, isDelivering, logBuffer } from "./delivery.ts";

/** Longest time that an answer waits for that, in milliseconds. */
const REST_MS = 400;
const PAUSE_MS = 5;

/** Whether this process only finishes what it has: nobody asks it for its log any more. */
export const ending = { begun: false };

/** Hands over all that was seen and counted so far, as far as there is time: what is answered then is not lost. */
export async function deliverRest(state: Pick<StateDoor, "appendLog">): Promise<void> {
  const until = Date.now() + REST_MS;
  while (isDelivering() || logBuffer.size > 0 || usageMeter.waits) {
    if (Date.now() > until) return;
    await deliverLog(state);
    await scheduler.wait(PAUSE_MS);
  }
}
