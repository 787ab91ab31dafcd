import { FIELD_PATH_LENGTH_MAX, FIELD_PATH_STEPS_MAX } from "../limits.ts";

/** What a path leads to where nothing is; a value of JSON is never undefined. */
export const MISSING = undefined;

const POSITION = /^(?:0|[1-9][0-9]*)$/;

/**
 * Why a dotted path cannot be one; null when it can. Steps are split at every dot, so a field whose own name has one
 * cannot be reached.
 */
export function fieldPathProblem(path: string): string | null {
  if (path.length > FIELD_PATH_LENGTH_MAX) return `must be at most ${FIELD_PATH_LENGTH_MAX} characters long`;
  const steps = path.split(".");
  if (steps.length > FIELD_PATH_STEPS_MAX) return `must have at most ${FIELD_PATH_STEPS_MAX} steps`;
  if (steps.includes("")) return "must not have an empty step";
  if (steps.some((step) => step.startsWith("$"))) return "must have no step that begins with `$`";
  return null;
}

/**
 * The value that a path leads to: a step is the name of an object's own field, or a position in an array, from `0`.
 * {@link MISSING} where there is none; `__proto__`, `constructor` and `length` are names like any other.
 */
export function valueAt(value: unknown, steps: readonly string[]): unknown {
  let at = value;
  for (const step of steps) {
    if (typeof at !== "object" || at === null) return MISSING;
    if (Array.isArray(at) && !POSITION.test(step)) return MISSING;
    if (!Object.hasOwn(at, step)) return MISSING;
    at = (at as Record<string, unknown>)[step];
  }
  return at;
}
