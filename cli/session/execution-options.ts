import { TRIGGER_KINDS } from "../../contracts/events/trigger.ts";
import type { OptionDefinition } from "../framework/command.ts";
import { UsageError } from "../framework/usage.ts";

const TRIGGERS = ["http", "execute", "invoke", ...TRIGGER_KINDS] as const;

/** The options that say which executions are meant. */
export const FILTER_OPTIONS = {
  script: { type: "string", value: "script", about: "only this script (name or id)" },
  status: {
    type: "string",
    value: "status",
    about: "only ok, error, timeout, over_budget, abandoned, refused, an HTTP status, or a class such as 5xx",
  },
  trigger: { type: "string", value: "kind", about: `only what was started by ${TRIGGERS.join(", ")}` },
  text: { type: "string", value: "text", about: "only with this in the path, the error or a console line" },
  since: { type: "string", value: "time", about: "only from this time on: 10m, 2h, 3d, or 2026-11-21T10:00:00Z" },
} as const satisfies Record<string, OptionDefinition>;

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

type Given = { [Name in keyof typeof FILTER_OPTIONS]: string | undefined };

/** What a tail and a list are asked for alike; nothing that was not given. */
export function filterOf({ script, status, trigger, text }: Given, command: string) {
  const known = TRIGGERS.find((one) => one === trigger);
  if (trigger !== undefined && known === undefined) {
    throw new UsageError(`--trigger must be ${TRIGGERS.join(", ")}, not "${trigger}".`, command);
  }
  return {
    ...(script === undefined ? {} : { script }),
    ...(status === undefined ? {} : { status }),
    ...(known === undefined ? {} : { trigger: known }),
    ...(text === undefined ? {} : { text }),
  };
}

/** A time as the API takes it: an age such as `10m` before now, or as it was given. */
export function momentOf(text: string, now: number): string {
  const [, amount, unit] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return text;
  return String(now - Number(amount) * (UNITS_MS[unit] ?? 0));
}
