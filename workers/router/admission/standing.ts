import { PlatformError } from "../../../contracts/errors.ts";
import { WAITING_PAUSE_S } from "../../../contracts/limits.ts";
import type { OrgState, Projection } from "../../../contracts/projection.ts";

/** Pause before an org that stands still is worth another look, in seconds. */
const PAUSE_S = 10;

const SETTING_UP = "This org is being set up. It answers as soon as that is done.";
const STANDING: Readonly<Record<Exclude<OrgState, "running" | "destroying">, { message: string; pauseS: number }>> = {
  provisioning: { message: SETTING_UP, pauseS: WAITING_PAUSE_S },
  starting: { message: SETTING_UP, pauseS: WAITING_PAUSE_S },
  suspended: {
    message: "This org is suspended. It answers again once an admin of the org or of the platform resumes it.",
    pauseS: PAUSE_S,
  },
  failed: {
    message:
      "This org could not be set up: it got no machine. `isola machines get` tells its admins why, and `isola machines retry` tries again.",
    pauseS: PAUSE_S,
  },
};

/** Why an org in the state that it is in answers nothing and runs nothing; null for one that is running. */
export function standingRefusal({ state }: Pick<Projection, "state">): PlatformError | null {
  if (state === "running") return null;
  if (state === "destroying") return noOrgHere();
  const { message, pauseS } = STANDING[state];
  return new PlatformError("unavailable", message, { state, retryAfterS: pauseS });
}

/** What a host answers where no org lives. */
export const noOrgHere = (): PlatformError =>
  new PlatformError("not_found", "No org lives at this host. Check the spelling, or create it.");
