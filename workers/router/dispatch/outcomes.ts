import { PlatformError, type ErrorCode } from "../../../contracts/errors.ts";
import type { Outcome, RecordedBody } from "../../../contracts/execution.ts";
import type { LimitName, ScriptLimits } from "../../../contracts/script-limits.ts";
import type { Fault } from "./run-facts.ts";

/** How an attempt to run a script ended. */
export interface Ended {
  response: Response | null;
  refusal: PlatformError | null;
  fault: Fault | null;
  outcome: Outcome;
  brokenLimit: LimitName | null;
  requestBody: RecordedBody | null;
}

const PLAIN = { fault: null, brokenLimit: null, requestBody: null } as const;

/** The script answered. */
export const answered = (response: Response): Ended => ({ ...PLAIN, response, refusal: null, outcome: "ok" });

/** The platform says no, for a reason that is not the script's. */
export const refused = (refusal: PlatformError): Ended => ({ ...PLAIN, response: null, refusal, outcome: "error" });

/** The script threw. */
export const failed = (executionId: string, fault: Fault): Ended => ({
  ...refused(scriptRefusal("script_error", "The script failed.", executionId)),
  fault,
});

/** The script did not begin to answer in its time. */
export const tooSlow = (executionId: string, how: string): Ended => ({
  ...refused(scriptRefusal("timeout", `The script ${how}.`, executionId, { limit: "wallClockMs" })),
  fault: faultNamed("TimeoutError", `The script ${how}.`),
  outcome: "timeout",
  brokenLimit: "wallClockMs",
});

const OVER: Readonly<Record<LimitName, string>> = {
  wallClockMs: "ms to begin its answer",
  cpuMs: "ms of processor time",
  subrequests: "requests through fetch",
  capabilityCalls: "calls of the platform",
  egressBytes: "bytes sent through fetch",
  logLines: "console lines",
  responseBytes: "bytes of response",
  invokeDepth: "scripts that invoke each other",
};

/** The script used more than one of its limits allows. */
export function overBudget(executionId: string, limit: LimitName, limits: ScriptLimits, fault: Fault | null): Ended {
  const what = `The script went over its limit of ${limits[limit]} ${OVER[limit]} (${limit}).`;
  return {
    ...refused(scriptRefusal("over_budget", what, executionId, { limit, max: limits[limit] })),
    fault: fault ?? faultNamed("LimitError", what),
    outcome: "over_budget",
    brokenLimit: limit,
  };
}

/** What a run is said to have ended by, where nothing was thrown. */
export const faultNamed = (name: string, message: string): Fault => ({
  error: { name, message, stack: "" },
  lines: [],
});

/** What a stranger may know of a failed run; the org's log has the rest. */
function scriptRefusal(code: ErrorCode, what: string, executionId: string, details: object = {}): PlatformError {
  const message = `${what} Its owner finds the details in the log under this id.`;
  return new PlatformError(code, message, { executionId, ...details });
}
