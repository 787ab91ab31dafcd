import { PlatformError } from "../../../contracts/errors.ts";
import { TENANT_BODY_BYTES_MAX } from "../../../contracts/limits.ts";
import type { RouterContext, RouterEnv } from "../env.ts";
import { boundBody, isBodiless, tooLarge, type BoundedRequest } from "./body-limit.ts";
import { faultOfException, neverSettles, readFault } from "./fault.ts";
import { isolateOf, loadFailure, traitsOf, type Traits } from "./isolate.ts";
import { answered, failed, overBudget, refused, tooSlow, type Ended } from "./outcomes.ts";
import { isQuiet, learnQuiet } from "./quiet.ts";
import { boundResponse, declaresTooMuch } from "./response-limit.ts";
import { FAULT_HEADER, FAULT_STATUS, type RunFacts } from "./run-facts.ts";
import { runTable, type LiveRun } from "./run-table.ts";
import type { Run } from "./run.ts";
import { EXPIRED, wallClock } from "./wall-clock.ts";

/** What an attempt works with. */
interface Attempt {
  run: Run;
  executionId: string;
  env: RouterEnv;
  ctx: RouterContext;
  /** Nobody waits for it any more. */
  expired: boolean;
}

/** Runs a script once, within its limits; what goes wrong is a result. */
export async function attempt(run: Run, executionId: string, env: RouterEnv, ctx: RouterContext): Promise<Ended> {
  const going: Attempt = { run, executionId, env, ctx, expired: false };
  const { limits } = run.script;
  const now = Date.now();
  const patienceMs = run.dueAt === undefined ? limits.wallClockMs : Math.min(limits.wallClockMs, run.dueAt - now);
  const patience = env.WALL_CLOCK === "visited" ? wallClock.visited(patienceMs, now) : wallClock.timed(patienceMs);
  try {
    const work = isBodiless(run.request) ? runWith(going, run.request, null) : readThenRun(going);
    const ended = await Promise.race([work, patience.expired]);
    if (ended !== EXPIRED) return ended;
    going.expired = true;
    return tooSlow(executionId, `did not begin an answer within ${Math.max(0, patienceMs)} ms`);
  } finally {
    patience.end();
  }
}

async function readThenRun(going: Attempt): Promise<Ended> {
  let bounded: BoundedRequest;
  try {
    bounded = await boundBody(going.run.request);
  } catch (error) {
    if (error instanceof PlatformError) return refused(error);
    return refused(new PlatformError("malformed", "The body of the request did not arrive whole. Send it again."));
  }
  const ended = await runWith(going, bounded.request, bounded);
  return { ...ended, requestBody: bounded.recorded() };
}

async function runWith(going: Attempt, request: Request, bounded: BoundedRequest | null): Promise<Ended> {
  const { run, executionId, env, ctx } = going;
  const { script } = run;
  const { orgId, slug } = run.org.projection;
  let live: LiveRun | null = null;
  try {
    const isolate = isolateOf({ orgId, slug }, script, env, ctx);
    // A handler of events is told what it is for, however little the script cares for facts.
    const quiet = run.isEvent === true ? false : isQuiet(script);
    let answer: Promise<Response>;
    if (quiet === true) answer = isolate.fetch(request);
    else {
      live = runTable.begin(liveRunOf(run, executionId));
      answer = isolate.fetch(request, { cf: { ...request.cf, isola: factsOf(run, executionId, quiet === null) } });
    }
    const response = await answer;
    if (going.expired) {
      // It was answered for already; what it would still send is nobody's.
      response.body?.cancel().catch(() => {});
      return answered(response);
    }
    // A body cut off at its limit looks to the script like one that ended; its answer is to half a request.
    if (bounded?.exceeded() === true) return refused(tooLarge(TENANT_BODY_BYTES_MAX));
    if (response.status === FAULT_STATUS && response.headers.has(FAULT_HEADER)) {
      const fault = await readFault(response);
      const limit = live?.broken ?? fault.limit ?? null;
      return limit === null ? failed(executionId, fault) : overBudget(executionId, limit, script.limits, fault);
    }
    const known = quiet === null ? learnQuiet(script, response) : response;
    return held(run, executionId, known, live, traitsOf(orgId, script));
  } catch (thrown) {
    if (bounded?.exceeded() === true) return refused(tooLarge(TENANT_BODY_BYTES_MAX));
    if (thrown instanceof PlatformError) return refused(thrown);
    const unavailable = loadFailure(orgId, script);
    if (unavailable !== null) return refused(unavailable);
    if (neverSettles(thrown)) return tooSlow(executionId, "waits for something that can never happen");
    return failed(executionId, faultOfException(thrown));
  } finally {
    if (live !== null) runTable.answered(live, Date.now());
  }
}

/** The script's answer, with its body held to its limit where it could be longer than memory. */
function held(run: Run, executionId: string, response: Response, live: LiveRun | null, traits: Traits | null): Ended {
  const ended = { ...answered(response), brokenLimit: live?.broken ?? null };
  if (traits?.streams === false || response.webSocket !== null || response.body === null) return ended;
  const { limits } = run.script;
  if (declaresTooMuch(response, limits.responseBytes)) return overBudget(executionId, "responseBytes", limits, null);
  return { ...ended, response: boundResponse(response, limits.responseBytes) };
}

const liveRunOf = (run: Run, executionId: string) => ({
  executionId,
  orgId: run.org.projection.orgId,
  scriptId: run.script.id,
  scriptName: run.script.name,
  limits: run.script.limits,
  depth: depthOf(run),
  eventDepth: run.eventDepth ?? 0,
  dueAt: Math.min(Date.now() + run.script.limits.wallClockMs, run.dueAt ?? Infinity),
  broken: null,
});

/** Runs above this one. */
export const depthOf = ({ caller }: Run): number => (caller === undefined ? 0 : caller.depth + 1);

const factsOf = (run: Run, executionId: string, ask: boolean): RunFacts => ({
  executionId,
  params: run.params,
  linesFirst: run.linesFirst === true,
  ask,
  caller: run.caller === undefined ? null : { script: run.caller.scriptName, executionId: run.caller.executionId },
  event: run.isEvent === true,
  user: run.user ?? null,
});
