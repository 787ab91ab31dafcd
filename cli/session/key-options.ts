import { KEY_REQUESTS_PER_MINUTE_MAX } from "../../contracts/limits.ts";
import { scopeSchema, type Scope } from "../../contracts/rights.ts";
import { suggest } from "../framework/suggest.ts";
import { UsageError } from "../framework/usage.ts";

const UNIT_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** A key's own rate, as an option. */
export const RATE_OPTION = {
  type: "integer",
  value: "n",
  min: 1,
  max: KEY_REQUESTS_PER_MINUTE_MAX,
  about: "requests a minute, where that is to be less than what you may make",
} as const;

/** The options of every command that makes a key. */
export const KEY_OPTIONS = {
  name: { type: "string", value: "name", required: true, about: "what the key is for" },
  scope: {
    type: "string",
    value: "scope",
    multiple: true,
    about: "what it may do (default *, all that its owner may)",
  },
  org: { type: "string", value: "slug", about: "the only org it may touch" },
  expires: { type: "string", value: "time", about: "how long it lives: 12h, 30d, 8w (default for ever)" },
  "requests-per-minute": RATE_OPTION,
} as const;

export const SCOPES_TEXT = `Scopes: ${scopeSchema.options.join(", ")}.`;

interface KeyOptions {
  name: string;
  scope: string[];
  org: string | undefined;
  expires: string | undefined;
  "requests-per-minute": number | undefined;
}

/** The body that the options stand for. Throws a `UsageError` for a scope or a time that is none. */
export function newKeyOf(options: KeyOptions, command: string) {
  const scopes = options.scope.map((text) => scopeOf(text, command));
  const { name, org, expires, "requests-per-minute": requestsPerMinute } = options;
  return {
    name,
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(org === undefined ? {} : { org }),
    ...(expires === undefined ? {} : { expiresAt: Date.now() + lifeMs(expires, command) }),
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
  };
}

function scopeOf(text: string, command: string): Scope {
  const parsed = scopeSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  const near = suggest(text, scopeSchema.options);
  throw new UsageError(`There is no scope "${text}".${near === null ? "" : ` Did you mean ${near}?`}`, command);
}

function lifeMs(text: string, command: string): number {
  const [, amount, unit] = /^([1-9][0-9]{0,4})([mhdw])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit ?? ""];
  if (amount === undefined || unitMs === undefined) {
    throw new UsageError(`--expires must be a time such as 12h, 30d or 8w, not "${text}".`, command);
  }
  return Number(amount) * unitMs;
}
