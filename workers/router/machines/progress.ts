import type { DirectoryDoor } from "../../../contracts/doors.ts";
import { HOST_CACHE_ENTRIES_MAX, PROGRESS_CALL_MS, PROGRESS_FRESH_MS } from "../../../contracts/limits.ts";
import type { ProvisionProgress } from "../../../contracts/machines.ts";
import { withDeadline } from "../deadline.ts";

interface Heard {
  progress: ProvisionProgress | null;
  askAgainAt: number;
}

const heard = new Map<string, Heard>();

/**
 * How far an org's machine is on its way; null where nobody knows, or nobody says so in time. One request asks every half
 * second, and those that wait in between go by what it heard.
 */
export async function findProgress(
  orgId: string,
  { DIRECTORY }: { DIRECTORY: Pick<DirectoryDoor, "provisionProgress"> },
  now: number,
): Promise<ProvisionProgress | null> {
  let known = heard.get(orgId);
  if (known !== undefined && now < known.askAgainAt) return known.progress;
  if (known === undefined) {
    if (heard.size >= HOST_CACHE_ENTRIES_MAX) heard.clear();
    known = { progress: null, askAgainAt: 0 };
    heard.set(orgId, known);
  }
  known.askAgainAt = now + PROGRESS_FRESH_MS;
  try {
    known.progress = await withDeadline(DIRECTORY.provisionProgress(orgId), PROGRESS_CALL_MS, "Asking for the step");
  } catch {
    // What was heard last is better than nothing, and the page says enough without it.
  }
  return known.progress;
}
