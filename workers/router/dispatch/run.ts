import { ERROR_STATUS, PlatformError, type ErrorCode } from "../../../contracts/errors.ts";
import type { ExecutionRecord, Outcome, Trigger } from "../../../contracts/execution.ts";
import { TENANT_BODY_BYTES_MAX } from "../../../contracts/limits.ts";
import type { ProjectedScript } from "../../../contracts/projection.ts";
import type { RouterContext, RouterEnv } from "../env.ts";
import { logBuffer, scheduleDelivery } from "../log/delivery.ts";
import { newExecutionId } from "../log/execution-id.ts";
import type { ResolvedOrg } from "../resolve/org.ts";
import { boundBody, tooLarge } from "./body-limit.ts";
import { faultOfException, neverSettles, readFault } from "./fault.ts";
import { isolateOf, loadFailure } from "./isolate.ts";
import { isQuiet, learnQuiet } from "./quiet.ts";
import { FAULT_HEADER, FAULT_STATUS, type Fault, type RunFacts } from "./run-facts.ts";

/** Longest path that a record keeps, in characters. */
const RECORDED_PATH_LENGTH_MAX = 2_000;

/** One run of a script: whose, which, and why. */
export interface Run {
  org: ResolvedOrg;
  script: ProjectedScript;
  trigger: Trigger;
  params: Record<string, string>;
  request: Request;
  /** Path and query, for the record. */
  path: string;
  linesFirst?: boolean;
  /** Called with the id before the script begins. */
  onStart?: (executionId: string) => void;
}

/** How a run ended: the response, or the refusal that stands for it. */
export interface RunResult {
  executionId: string;
  /** Null when the script failed; `refusal` then says how the caller is told. */
  response: Response | null;
  refusal: PlatformError | null;
  fault: Fault | null;
  /** HTTP status the caller sees. */
  status: number;
  durationMs: number;
}

/**
 * Runs a script in its isolate and writes the run down. The script has its wall clock to begin an answer; what
 * it streams after that is its own affair. Never throws for a tenant's fault: those are results.
 */
export async function runScript(run: Run, env: RouterEnv, ctx: RouterContext): Promise<RunResult> {
  const startedAt = Date.now();
  const startedClock = performance.now();
  const executionId = newExecutionId(startedAt);
  run.onStart?.(executionId);
  const { orgId } = run.org.projection;
  const ended = await attempt(run, executionId, env, ctx);
  const durationMs = Math.round((performance.now() - startedClock) * 100) / 100;
  const status = ended.response?.status ?? ERROR_STATUS[ended.refusal?.code ?? "internal"];
  logBuffer.addRecord(orgId, recordOf(run, ended, { id: executionId, startedAt, durationMs, status }));
  if (ended.fault !== null) logBuffer.addLines(orgId, executionId, ended.fault.lines);
  if (env.LOG_DELIVERY === "scheduled") scheduleDelivery(ctx, env.STATE);
  return { executionId, response: ended.response, refusal: ended.refusal, fault: ended.fault, status, durationMs };
}

interface Ended {
  response: Response | null;
  refusal: PlatformError | null;
  fault: Fault | null;
  outcome: Outcome;
}

const EXPIRED = Symbol("expired");

async function attempt(run: Run, executionId: string, env: RouterEnv, ctx: RouterContext): Promise<Ended> {
  const { orgId } = run.org.projection;
  const { script } = run;
  let exceeded = () => false;
  let alarm: ReturnType<typeof setTimeout> | undefined;
  try {
    const bounded = boundBody(run.request);
    exceeded = bounded.exceeded;
    const isolate = isolateOf(orgId, script, env, ctx);
    const quiet = isQuiet(script);
    const answer =
      quiet === true
        ? isolate.fetch(bounded.request)
        : isolate.fetch(bounded.request, {
            cf: { ...bounded.request.cf, isola: factsOf(run, executionId, quiet === null) },
          });
    const expired = new Promise<typeof EXPIRED>((resolve) => {
      alarm = setTimeout(resolve, script.limits.wallClockMs, EXPIRED);
    });
    const response = await Promise.race([answer, expired]);
    if (response === EXPIRED) {
      answer.catch(() => {});
      return tooSlow(executionId, `did not begin an answer within ${script.limits.wallClockMs} ms`);
    }
    // A body cut off at its limit looks to the script like one that ended; its answer is to half a request.
    if (exceeded()) return refused(tooLarge(TENANT_BODY_BYTES_MAX));
    if (response.status === FAULT_STATUS && response.headers.has(FAULT_HEADER)) {
      return failed(executionId, await readFault(response));
    }
    const answered = quiet === null ? learnQuiet(script, response) : response;
    return { response: answered, refusal: null, fault: null, outcome: "ok" };
  } catch (thrown) {
    if (exceeded()) return refused(tooLarge(TENANT_BODY_BYTES_MAX));
    if (thrown instanceof PlatformError) return refused(thrown);
    const unavailable = loadFailure(orgId, script);
    if (unavailable !== null) return refused(unavailable);
    if (neverSettles(thrown)) return tooSlow(executionId, "waits for something that can never happen");
    return failed(executionId, faultOfException(thrown));
  } finally {
    clearTimeout(alarm ?? null);
  }
}

const factsOf = (run: Run, executionId: string, ask: boolean): RunFacts => ({
  executionId,
  params: run.params,
  linesFirst: run.linesFirst === true,
  ask,
});

const refused = (refusal: PlatformError): Ended => ({ response: null, refusal, fault: null, outcome: "error" });

const failed = (executionId: string, fault: Fault): Ended => ({
  ...refused(scriptRefusal("script_error", "The script failed.", executionId)),
  fault,
});

const tooSlow = (executionId: string, how: string): Ended => ({
  ...refused(scriptRefusal("timeout", `The script ${how}.`, executionId)),
  fault: { error: { name: "TimeoutError", message: `The script ${how}.`, stack: "" }, lines: [] },
  outcome: "timeout",
});

/** What a stranger may know of a failed run; the org's log has the rest. */
function scriptRefusal(code: ErrorCode, what: string, executionId: string): PlatformError {
  return new PlatformError(code, `${what} Its owner finds the details in the log under this id.`, { executionId });
}

function recordOf(
  run: Run,
  ended: Ended,
  measured: Pick<ExecutionRecord, "id" | "startedAt" | "durationMs" | "status">,
): ExecutionRecord {
  return {
    ...measured,
    scriptId: run.script.id,
    scriptName: run.script.name,
    versionId: run.script.versionId,
    versionNumber: run.script.versionNumber,
    trigger: run.trigger,
    method: run.request.method,
    path: run.path.length > RECORDED_PATH_LENGTH_MAX ? run.path.slice(0, RECORDED_PATH_LENGTH_MAX) : run.path,
    outcome: ended.outcome,
    error: ended.fault?.error ?? null,
    cpuMs: null,
    brokenLimit: null,
    depth: 0,
    parentId: null,
    replayOf: null,
    request: null,
    response: null,
  };
}
