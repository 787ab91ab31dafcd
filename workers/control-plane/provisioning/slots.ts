import { MACHINES_AT_ONCE } from "../../../contracts/limits.ts";

/** How long a place is held by work that never said it was over, in milliseconds. */
const HELD_MS = 15 * 60_000;
/** Pause between two looks for a free place, in milliseconds. */
const LOOK_MS = 25;

/** A place among those who work at providers at once. */
export interface Place {
  /** When it is free again whatever became of the work, in epoch milliseconds. */
  until: number;
}

const taken = new Set<Place>();

/** Waits for a place: so many provisions of this isolate are at their providers at once, and the others wait their turn. */
export async function takePlace(): Promise<Place> {
  // Waiting by looking: a request cannot be woken by another one's promise.
  while (isFull(Date.now())) await new Promise((done) => setTimeout(done, LOOK_MS * (1 + Math.random())));
  const place = { until: Date.now() + HELD_MS };
  taken.add(place);
  return place;
}

export const leavePlace = (place: Place): void => void taken.delete(place);

function isFull(now: number): boolean {
  for (const place of taken) if (place.until <= now) taken.delete(place);
  return taken.size >= MACHINES_AT_ONCE;
}
