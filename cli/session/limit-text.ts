import { LIMIT_NAMES, SCRIPT_LIMITS, type LimitName, type SomeScriptLimits } from "../../contracts/script-limits.ts";
import { suggest } from "../framework/suggest.ts";
import { columns } from "../framework/text.ts";
import { UsageError } from "../framework/usage.ts";

/** The option of every command that sets what one run may use. */
export const LIMIT_OPTION = {
  type: "string",
  value: "name=value",
  multiple: true,
  about: "what one run may use, such as cpuMs=50; `isola scripts get` shows all",
} as const;

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * Reads limits written as `name=value`, such as `cpuMs=50` or `cpu-ms=50`; undefined when there are none.
 * @throws UsageError that says which names and which values there are.
 */
export function readLimits(texts: readonly string[], command: string): SomeScriptLimits | undefined {
  if (texts.length === 0) return undefined;
  const limits: SomeScriptLimits = {};
  for (const text of texts) {
    const [, given = "", digits] = /^([A-Za-z-]+)=([0-9]{1,12})$/.exec(text) ?? [];
    if (digits === undefined) throw new UsageError(`--limit must be like cpuMs=50, not "${text}".`, command);
    const name = LIMIT_NAMES.find((candidate) => candidate === given || kebab(candidate) === given);
    if (name === undefined) throw new UsageError(unknownLimit(given), command);
    const { min, max } = SCRIPT_LIMITS[name];
    const value = Number(digits);
    if (value < min || value > max) {
      throw new UsageError(`The limit ${name} goes from ${min} to ${max}; ${digits} is beyond it.`, command);
    }
    limits[name] = value;
  }
  return limits;
}

function unknownLimit(given: string): string {
  const meant = suggest(given, LIMIT_NAMES);
  const hint = meant === null ? `There are ${LIMIT_NAMES.join(", ")}.` : `Did you mean ${meant}?`;
  return `There is no limit "${given}". ${hint}`;
}

/**
 * A script's limits, a line each: what holds, what holds for one that says nothing, and the most it
 * may ask for under the platform's ceilings and its org's.
 */
export function limitLines(limits: Readonly<Record<LimitName, number>>, ceilings: SomeScriptLimits = {}): string[] {
  const rows = LIMIT_NAMES.map((name) => {
    const { default: usual, max } = SCRIPT_LIMITS[name];
    return [`  ${name}`, String(limits[name]), `default ${usual}`, `at most ${Math.min(max, ceilings[name] ?? max)}`];
  });
  return columns(rows);
}
