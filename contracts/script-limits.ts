import * as z from "zod";

import { LOG_LINES_PER_EXECUTION_MAX } from "./limits.ts";

/** What one run of a script may use. */
export interface ScriptLimits {
  /** Time to begin the answer, in milliseconds. */
  wallClockMs: number;
  /** Processor time, in milliseconds. */
  cpuMs: number;
  /** Requests through `fetch`; each hop of a redirect is one. */
  subrequests: number;
  /** Calls of capabilities. */
  capabilityCalls: number;
  /** Bodies sent out through `fetch`, in bytes. */
  egressBytes: number;
  /** Console lines kept. */
  logLines: number;
  /** Body of the response, in bytes. */
  responseBytes: number;
  /** Scripts that may call each other in a row by `invoke`. */
  invokeDepth: number;
}

export type LimitName = keyof ScriptLimits;

/** Each limit: what a script has that says nothing, and the least and the most it may ask for. */
export const SCRIPT_LIMITS: Readonly<Record<LimitName, { default: number; min: number; max: number }>> = {
  wallClockMs: { default: 10_000, min: 10, max: 30_000 },
  cpuMs: { default: 50, min: 5, max: 500 },
  subrequests: { default: 50, min: 0, max: 1_000 },
  capabilityCalls: { default: 1_000, min: 0, max: 10_000 },
  egressBytes: { default: 10 * 1024 * 1024, min: 0, max: 100 * 1024 * 1024 },
  logLines: { default: 200, min: 0, max: LOG_LINES_PER_EXECUTION_MAX },
  responseBytes: { default: 32 * 1024 * 1024, min: 1_024, max: 512 * 1024 * 1024 },
  invokeDepth: { default: 8, min: 0, max: 8 },
};

export const LIMIT_NAMES = Object.keys(SCRIPT_LIMITS) as LimitName[];

const limit = (name: LimitName): z.ZodNumber =>
  z.number().int().min(SCRIPT_LIMITS[name].min).max(SCRIPT_LIMITS[name].max);

/** All limits of a script, under the platform's ceilings. */
export const scriptLimitsSchema = z.object({
  wallClockMs: limit("wallClockMs"),
  cpuMs: limit("cpuMs"),
  subrequests: limit("subrequests"),
  capabilityCalls: limit("capabilityCalls"),
  egressBytes: limit("egressBytes"),
  logLines: limit("logLines"),
  responseBytes: limit("responseBytes"),
  invokeDepth: limit("invokeDepth"),
});

/** Some of them: what a script asks for, or what its org is held to. */
export const someScriptLimitsSchema = scriptLimitsSchema.partial();
export type SomeScriptLimits = z.infer<typeof someScriptLimitsSchema>;

/** What holds for a script: what it asks for, else the default, and never more than its org's ceilings. */
export function effectiveLimits(own: SomeScriptLimits, ceilings: SomeScriptLimits = {}): ScriptLimits {
  const entries = LIMIT_NAMES.map((name) => {
    const wanted = own[name] ?? SCRIPT_LIMITS[name].default;
    return [name, Math.min(wanted, ceilings[name] ?? wanted)];
  });
  return Object.fromEntries(entries) as ScriptLimits;
}
