import type { StateDoor } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { STATE_CALL_MS } from "../../../contracts/limits.ts";
import {
  codeKey,
  ISOLA_PATH,
  METER_PATH,
  type Projection,
  type ProjectedScript,
  type VersionCode,
} from "../../../contracts/projection.ts";
import { released, withDeadline } from "../deadline.ts";
import type { RouterContext, RouterExports } from "../env.ts";
import { HARNESS_MAIN, harnessModules } from "./harness.ts";
import { CONSOLE_BINDING, PLATFORM_BINDING } from "./run-facts.ts";

/** Of dynamic Workers; at most that of the oldest runtime in use. */
const COMPATIBILITY_DATE = "2026-10-01";
/**
 * Node's built-ins cost half a megabyte an isolate, so only code that imports them gets them. Through `ctx.exports` a
 * script would call itself past everything that counts, with a budget of its own for each call.
 */
const PLAIN_FLAGS = ["no_nodejs_compat", "no_nodejs_compat_v2", "nodejs_als", "disable_ctx_exports"];
const NODE_FLAGS = ["nodejs_compat", "disable_ctx_exports"];

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

/** What the router has to know of code while it runs. */
export interface Traits {
  /** Whether it can make a body that has no known end. */
  streams: boolean;
}

/** By loader key, learnt when the code was read. */
const traits = new Map<string, Traits>();
const TRAITS_MAX = 10_000;

/** The entrypoint of a script version's own isolate, loaded when it is not there yet. */
export function isolateOf(
  org: Pick<Projection, "orgId" | "slug">,
  script: ProjectedScript,
  deps: IsolateDeps,
  ctx: Pick<RouterContext, "exports">,
): Fetcher {
  const { orgId } = org;
  const key = loaderKey(orgId, script);
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
    const loaded = workerCode(org, script, code, ctx.exports);
    if (traits.size >= TRAITS_MAX) traits.clear();
    traits.set(key, { streams: code.uses?.streams ?? true });
    return loaded;
  });
  return worker.getEntrypoint();
}

/** Why the last load of this version failed through no fault of the script; null when it did not. */
export function loadFailure(orgId: string, script: ProjectedScript): PlatformError | null {
  return failures.size === 0 ? null : (failures.get(loaderKey(orgId, script))?.error ?? null);
}

/** What is known of a script's code; null while it has not been read. */
export function traitsOf(orgId: string, script: ProjectedScript): Traits | null {
  return traits.get(loaderKey(orgId, script)) ?? null;
}

const loaderKeys = new WeakMap<ProjectedScript, string>();

/** Who, what, and under which of the limits that are fixed when it is loaded. */
function loaderKey(orgId: string, script: ProjectedScript): string {
  const known = loaderKeys.get(script);
  if (known !== undefined) return known;
  const { versionId, hash, limits } = script;
  const key = `${orgId}/${versionId}/${hash}/${limits.cpuMs}.${limits.logLines}.${limits.subrequests}.${limits.capabilityCalls}`;
  loaderKeys.set(script, key);
  return key;
}

async function loadCode(orgId: string, script: ProjectedScript, deps: IsolateDeps): Promise<VersionCode> {
  let published: string | null = null;
  try {
    published = await deps.PROJECTIONS.get(codeKey(orgId, script.hash), "text");
  } catch {
    // The object below has it too.
  }
  if (published !== null) return JSON.parse(published) as VersionCode;
  const code = released(await deps.STATE.versionCode(orgId, script.versionId, script.hash));
  if (code === null) throw new PlatformError("not_found", "This version of the script is gone.");
  return code;
}

function workerCode(
  { orgId, slug }: Pick<Projection, "orgId" | "slug">,
  script: ProjectedScript,
  code: VersionCode,
  exports: RouterExports,
): WorkerLoaderWorkerCode {
  const modules: Record<string, WorkerLoaderModule> = {};
  const texts = Object.values(code.modules);
  for (const [path, js] of Object.entries(code.modules)) modules[path] = { js };
  const { limits } = script;
  const harness = harnessModules(code.main, {
    script: { name: script.name, version: script.versionNumber },
    // Code is never made at run time, so what does not name a thing cannot use it, but for code that hides it on purpose.
    prints: code.uses?.console ?? texts.some((js) => js.includes("console")),
    fetches: code.uses?.fetch ?? true,
    platform: texts.some((js) => js.includes(ISOLA_PATH)),
    metered: texts.some((js) => js.includes(METER_PATH)),
    limits,
  });
  for (const [path, js] of Object.entries(harness)) modules[path] = { js };
  const holder = { props: { orgId, slug, scriptId: script.id, versionId: script.versionId } };
  return {
    compatibilityDate: COMPATIBILITY_DATE,
    compatibilityFlags: code.nodeCompat ? NODE_FLAGS : PLAIN_FLAGS,
    mainModule: HARNESS_MAIN,
    modules,
    env: { [CONSOLE_BINDING]: exports.Console({ props: { orgId } }), [PLATFORM_BINDING]: exports.Platform(holder) },
    globalOutbound: exports.Egress(holder),
    limits: { cpuMs: limits.cpuMs, subRequests: limits.subrequests },
  };
}
