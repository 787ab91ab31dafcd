import { scopeSchema, type Scope } from "../../../contracts/rights.ts";
import { defineCommand } from "../../framework/command.ts";
import { suggest } from "../../framework/suggest.ts";
import { clean } from "../../framework/text.ts";
import { UsageError } from "../../framework/usage.ts";
import { openSession } from "../../session/session.ts";

const NAME = "keys create";
const UNIT_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

export const createKey = defineCommand({
  name: NAME,
  summary: "Make an API key; it is shown this once",
  details: `Scopes: ${scopeSchema.options.join(", ")}.`,
  options: {
    name: { type: "string", value: "name", required: true, about: "what the key is for" },
    scope: { type: "string", value: "scope", multiple: true, about: "what it may do (default *, all that you may)" },
    org: { type: "string", value: "slug", about: "the only org it may touch" },
    expires: { type: "string", value: "time", about: "how long it lives: 12h, 30d, 8w (default for ever)" },
  },
  examples: ["keys create --name ci --scope scripts:write --scope routes:write --org hello --expires 30d"],
  async run({ options, host }) {
    const scopes = options.scope.map(scopeOf);
    const expiresAt = options.expires === undefined ? undefined : Date.now() + durationMs(options.expires);
    const { client } = await openSession(host);
    const key = await client.createKey({
      body: {
        name: options.name,
        ...(scopes.length === 0 ? {} : { scopes }),
        ...(options.org === undefined ? {} : { org: options.org }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      },
    });
    return {
      json: key,
      text: key.key,
      notes: [`${clean(key.name)} (${key.id}): keep the key now, it is not shown again.`],
    };
  },
});

function scopeOf(text: string): Scope {
  const parsed = scopeSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  const near = suggest(text, scopeSchema.options);
  throw new UsageError(`There is no scope "${text}".${near === null ? "" : ` Did you mean ${near}?`}`, NAME);
}

function durationMs(text: string): number {
  const [, amount, unit] = /^([1-9][0-9]{0,4})([mhdw])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit ?? ""];
  if (amount === undefined || unitMs === undefined) {
    throw new UsageError(`--expires must be a time such as 12h, 30d or 8w, not "${text}".`, NAME);
  }
  return Number(amount) * unitMs;
}
