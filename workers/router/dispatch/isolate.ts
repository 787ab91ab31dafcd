import type { StateDoor } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { STATE_CALL_MS } from "../../../contracts/limits.ts";
import { codeKey, type ProjectedScript, type VersionCode } from "../../../contracts/projection.ts";
import { released, withDeadline } from "../deadline.ts";
import type { RouterContext, RouterExports } from "../env.ts";
import { HARNESS_MAIN, harnessModules } from "./harness.ts";
import { CONSOLE_BINDING } from "./run-facts.ts";

/** Of dynamic Workers; at most that of the oldest runtime in use. */
const COMPATIBILITY_DATE = "2026-10-01";
/** Node's built-ins cost half a megabyte an isolate, so only code that imports them gets them. */
const PLAIN_FLAGS = ["no_nodejs_compat", "no_nodejs_compat_v2", "nodejs_als"];
const NODE_FLAGS = ["nodejs_compat"];

/** What loading an isolate needs. */
export interface IsolateDeps {
  LOADER: WorkerLoader;
  PROJECTIONS: Pick<KVNamespace, "get">;
  STATE: Pick<StateDoor, "versionCode">;
}

/**
 * A loader remembers a callback that threw just as it remembers code, so a load that failed through the
 * platform's fault is tried again under another key. Bounded: only keys that are failing now are in it.
 */
const failures = new Map<string, { count: number; error: PlatformError | null }>();
const FAILURES_MAX = 1_000;

/** The entrypoint of a script version's own isolate, loaded when it is not there yet. */
export function isolateOf(
  orgId: string,
  script: ProjectedScript,
  deps: IsolateDeps,
  ctx: Pick<RouterContext, "exports">,
): Fetcher {
  const key = `${orgId}/${script.versionId}/${script.hash}`;
  const failed = failures.size === 0 ? undefined : failures.get(key);
  const worker = deps.LOADER.get(failed === undefined ? key : `${key}#${failed.count}`, async () => {
    let code: VersionCode;
    try {
      code = await withDeadline(loadCode(orgId, script, deps), STATE_CALL_MS, "Loading the script");
    } catch (error) {
      if (failures.size >= FAILURES_MAX) failures.clear();
      failures.set(key, {
        count: (failed?.count ?? 0) + 1,
        error: new PlatformError("unavailable", "The script's code cannot be read right now. Try again in a second.", {
          reason: error instanceof Error ? error.message : "unknown",
        }),
      });
      throw error;
    }
    if (failed !== undefined) failures.set(key, { count: failed.count, error: null });
    // Read here and not by the caller: making `exports` costs a warm request more than its routing.
    return workerCode(orgId, script, code, ctx.exports);
  });
  return worker.getEntrypoint();
}

/** Why the last load of this version failed through no fault of the script; null when it did not. */
export function loadFailure(orgId: string, script: ProjectedScript): PlatformError | null {
  return failures.get(`${orgId}/${script.versionId}/${script.hash}`)?.error ?? null;
}

async function loadCode(orgId: string, script: ProjectedScript, deps: IsolateDeps): Promise<VersionCode> {
  let published: string | null = null;
  try {
    published = await deps.PROJECTIONS.get(codeKey(orgId, script.hash), "text");
  } catch {
    // The object below has it too.
  }
  if (published !== null) return JSON.parse(published) as VersionCode;
  const code = released(await deps.STATE.versionCode(orgId, script.versionId));
  if (code === null) throw new PlatformError("not_found", "This version of the script is gone.");
  return code;
}

function workerCode(
  orgId: string,
  script: ProjectedScript,
  code: VersionCode,
  exports: RouterExports,
): WorkerLoaderWorkerCode {
  const modules: Record<string, WorkerLoaderModule> = {};
  for (const [path, js] of Object.entries(code.modules)) modules[path] = { js };
  // Code is never made at run time, so a script that does not say it cannot print, but for one that hides it on purpose.
  const prints = Object.values(code.modules).some((js) => js.includes("console"));
  const harness = harnessModules(code.main, { name: script.name, version: script.versionNumber }, prints);
  for (const [path, js] of Object.entries(harness)) modules[path] = { js };
  return {
    compatibilityDate: COMPATIBILITY_DATE,
    compatibilityFlags: code.nodeCompat ? NODE_FLAGS : PLAIN_FLAGS,
    mainModule: HARNESS_MAIN,
    modules,
    env: { [CONSOLE_BINDING]: exports.Console({ props: { orgId } }) },
    globalOutbound: exports.Egress({ props: { orgId } }),
  };
}
