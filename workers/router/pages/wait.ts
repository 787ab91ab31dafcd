import { PlatformError } from "../../../contracts/errors.ts";
import { newId } from "../../../contracts/ids.ts";
import type { MachineState, ProvisionProgress } from "../../../contracts/machines.ts";
import { WAITING_PAUSE_S } from "../../../contracts/limits.ts";
import type { OrgState } from "../../../contracts/projection.ts";
import { refuse, wantsPage } from "./respond.ts";
import { STEP_WORDS, waitingPage } from "./waiting.ts";

/** What is waited for, and how far it is. */
export interface Waiting {
  slug: string;
  state: OrgState | MachineState;
  /** What is to happen, where nobody knows the step. */
  message: string;
  progress: ProvisionProgress | null;
}

/** Asks whoever comes to wait: by a page that looks again by itself, or by 503, `Retry-After` and the step as JSON. */
export function wait(request: Request, { slug, state, message, progress }: Waiting): Response {
  const step = progress?.step ?? null;
  const words = step === null ? message : `${STEP_WORDS[step]}.`;
  if (wantsPage(request)) {
    const requestId = newId("request");
    const headers = {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "retry-after": String(WAITING_PAUSE_S),
      "x-request-id": requestId,
    };
    return new Response(waitingPage(`${slug} is on its way`, words, progress, `Request ${requestId}`), {
      status: 503,
      headers,
    });
  }
  const details = {
    state,
    step,
    ...(progress === null ? {} : { done: progress.done, total: progress.total, startedAt: progress.startedAt }),
    retryAfterS: WAITING_PAUSE_S,
  };
  const said = step === null ? message : `${message} ${words}`;
  return refuse(request, new PlatformError("unavailable", said, details));
}
