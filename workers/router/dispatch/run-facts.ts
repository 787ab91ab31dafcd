import type { ExecutionError, LogLevel } from "../../../contracts/execution.ts";
import type { QueueAcks } from "../../../contracts/events/dispatch.ts";
import type { TenantUser } from "../../../contracts/hand-over.ts";
import type { LimitName } from "../../../contracts/script-limits.ts";

/**
 * The facts of one run, as the router hands them to the harness in `request.cf`: the one channel
 * that reaches an isolate with each request, that no client can write to, and that costs the hot path nothing.
 */
export interface RunFacts {
  executionId: string;
  params: Record<string, string>;
  /** Deliver the console lines before the response, for a caller who wants both. */
  linesFirst: boolean;
  /** Say by {@link QUIET_HEADER} whether the script has any use for facts. */
  ask: boolean;
  /** The script that invoked this one. */
  caller: { script: string; executionId: string } | null;
  /** The body is an event, for the script's handler of events. */
  event: boolean;
  /** Who is signed in at the org's host; null for nobody. */
  user: TenantUser | null;
}

/**
 * Header by which the harness answers that a script is quiet: a Workers module in which nothing can print. It has no
 * use for facts, and a request without them is passed on as it came, which is a sixth cheaper.
 */
export const QUIET_HEADER = "x-isola-quiet";

/** Header by which the harness tells the router that the script failed; the body then is a {@link Fault}. */
export const FAULT_HEADER = "x-isola-fault";
/** Status that a fault comes with; looking at it first spares every other response the look at its headers. */
export const FAULT_STATUS = 500;

/** What the harness says of a script that failed. Written inside the tenant's isolate, so read with distrust. */
export interface Fault {
  error: ExecutionError;
  /** The limit that ended it, where it was one that is measured in the isolate. */
  limit?: LimitName | undefined;
  cpuMs?: number | undefined;
  /** Of a handler of events: what it said of its messages, and that it is not to be tried again. */
  acks?: QueueAcks | undefined;
  noRetry?: boolean | undefined;
  lines: { at: number; level: LogLevel; text: string }[];
}

/** Name of the console entrypoint among the bindings that the harness takes away before the script runs. */
export const CONSOLE_BINDING = "__ISOLA_CONSOLE";

/** Name of the entrypoint by which scripts call the platform. */
export const PLATFORM_BINDING = "__ISOLA_PLATFORM";

/** Header by which the harness says to which run a request belongs; it never leaves the platform. */
export const RUN_HEADER = "x-isola-run";

/** Folder of the platform's own modules inside an isolate; no uploaded file may lie there. */
export const HARNESS_FOLDER = ".isola";
