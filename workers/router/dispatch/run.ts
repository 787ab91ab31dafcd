import { PlatformError } from "../../../contracts/errors.ts";
import type { Trigger } from "../../../contracts/execution.ts";
import type { TenantUser } from "../../../contracts/hand-over.ts";
import type { OrgSettings, ProjectedScript } from "../../../contracts/projection.ts";
import type { Verdict } from "../../../contracts/quarantine.ts";
import type { RouterContext, RouterEnv } from "../env.ts";
import { newExecutionId } from "../log/execution-id.ts";
import type { ResolvedOrg } from "../resolve/org.ts";
import { pace } from "../pace/pace.ts";
import { journal, quarantine } from "../quarantine/watch.ts";
import { attempt } from "./attempt.ts";
import { enterGate, leaveGate } from "./gate.ts";
import { runRefusal } from "../usage/quotas.ts";
import { refused, type Ended } from "./outcomes.ts";
import type { Fault } from "./run-facts.ts";
import { finish } from "./write-down.ts";

/** One run of a script: whose, which, and why. */
export interface Run {
  org: ResolvedOrg;
  script: ProjectedScript;
  trigger: Trigger;
  params: Record<string, string>;
  request: Request;
  /** Path and query, for the record. */
  path: string;
  /** Who is signed in at the host that it came to. */
  user?: TenantUser | null;
  /** When the answer has to have begun at the latest, in epoch milliseconds, where the script's own time is longer. */
  dueAt?: number;
  /** The run that invoked this one. */
  caller?: { executionId: string; scriptName: string; depth: number };
  /** The execution whose input this is. */
  replayOf?: string;
  /** The request's body is an event, for the script's handler of events. */
  isEvent?: boolean;
  /** Events above it, its own too. */
  eventDepth?: number;
  /** The delivery that it is an attempt of, and which one. */
  delivery?: { id: string; attempt: number };
  /** The id that it was promised under. */
  executionId?: string;
  /** Whoever asks for it asks again while there is no room, so a run that did not begin is not written down. */
  asksAgain?: boolean;
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
 * it streams after that is its own affair, up to its limits. Never throws for a tenant's fault: those are results.
 *
 * @throws PlatformError `unavailable` when the org runs too many at once, `too_many_requests` when it has run as many as
 *   it may this month, `over_quota` when its budget is spent; such a run never began and is not written down.
 */
export async function runScript(run: Run, env: RouterEnv, ctx: RouterContext): Promise<RunResult> {
  const { orgId, settings } = run.org.projection;
  const isLetIn = (run.trigger === "http" || run.trigger === "execute") && run.asksAgain !== true;
  const refusal = runRefusal(run.org.projection, isLetIn);
  if (refusal !== null) throw refusal;
  const verdict = quarantine.active ? quarantine.verdictOf(orgId, Date.now()) : null;
  enterGate(orgId, verdict?.kind === "slowed" ? 1 : concurrencyOf(settings));
  const running = runThroughGate(run, verdict, env, ctx);
  // A caller that goes away takes its request with it, but the run must go on to leave the gate and to be written down.
  ctx.waitUntil(running);
  return running;
}

/** Runs at once on one edge: as many as the plan allows, or fewer where the org's own settings say so. */
const concurrencyOf = ({ concurrencyMax, quotas }: OrgSettings): number =>
  quotas.concurrency === undefined ? concurrencyMax : Math.min(concurrencyMax, quotas.concurrency);

async function runThroughGate(
  run: Run,
  verdict: Verdict | null,
  env: RouterEnv,
  ctx: RouterContext,
): Promise<RunResult> {
  const { orgId } = run.org.projection;
  const startedAt = Date.now();
  const startedClock = performance.now();
  const executionId = run.executionId ?? newExecutionId(startedAt);
  run.onStart?.(executionId);
  let ended: Ended;
  try {
    const standing = verdict?.kind === "held" ? await quarantine.released(orgId) : verdict;
    ended = standing?.kind === "refused" ? refused(heldBack(standing)) : await watched(run, executionId, env, ctx);
  } finally {
    leaveGate(orgId);
  }
  const durationMs = Math.round((performance.now() - startedClock) * 100) / 100;
  return finish(run, ended, { id: executionId, startedAt, durationMs }, env, ctx);
}

/**
 * An attempt that lets others be heard first, where all isolates share one thread with the watchdog's questions, and that
 * the launcher can tell of, should this process not survive it.
 */
async function watched(run: Run, executionId: string, env: RouterEnv, ctx: RouterContext): Promise<Ended> {
  const { versionId } = run.script;
  const paced = env.WALL_CLOCK === "visited";
  if (paced && !pace.enter(versionId, Date.now()) && !(await pace.wait(versionId))) return refused(crowded());
  const journalled = journal.wants(versionId, Date.now());
  if (journalled) journal.runBegan(executionId, run.org.projection.orgId, versionId);
  try {
    return await attempt(run, executionId, env, ctx);
  } finally {
    if (journalled) journal.runEnded(executionId);
    if (paced) pace.leave(versionId);
  }
}

const crowded = (): PlatformError =>
  new PlatformError("unavailable", "Runs of this script compute for so long that this one got no turn. Try again.");

function heldBack({ reason, untilMs }: Verdict): PlatformError {
  const retryAfterS = Math.max(1, Math.ceil((untilMs - Date.now()) / 1000));
  return new PlatformError("unavailable", `This org is held back for now. ${reason}`, { retryAfterS });
}
