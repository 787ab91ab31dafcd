import { parseArgs, type ParseArgsOptionDescriptor } from "node:util";

import type { Command, OptionDefinition } from "./command.ts";
import { suggest } from "./suggest.ts";
import { UsageError } from "./usage.ts";

/** Options that every command has. */
export const COMMON_OPTIONS = {
  output: { type: "string", value: "text|json", about: "how to answer: for people, or one JSON document" },
  help: { type: "boolean", short: "h", about: "show this help" },
} as const satisfies Record<string, OptionDefinition>;

/** A command line that fits its command's definition. */
export interface ParsedLine {
  args: Record<string, string | undefined>;
  options: Record<string, string | string[] | boolean | number | undefined>;
}

/**
 * Reads what follows a command's name against its definition.
 * @throws UsageError that names the option or argument and, where one is near, what was meant.
 */
export function parseLine(command: Command, words: readonly string[]): ParsedLine {
  const definitions: Record<string, OptionDefinition> = { ...command.options, ...COMMON_OPTIONS };
  const { values, positionals } = parseWords(command, definitions, words);
  const options: ParsedLine["options"] = {};
  for (const [name, definition] of Object.entries(definitions)) {
    options[name] = valueOf(command, name, definition, values[name]);
  }
  return { args: parsePositionals(command, positionals), options };
}

type RawValue = string | boolean | (string | boolean)[] | undefined;

function parseWords(
  command: Command,
  definitions: Record<string, OptionDefinition>,
  words: readonly string[],
): { values: Record<string, RawValue>; positionals: string[] } {
  const options: Record<string, ParseArgsOptionDescriptor> = {};
  for (const [name, definition] of Object.entries(definitions)) {
    options[name] = {
      type: definition.type === "boolean" ? "boolean" : "string",
      multiple: "multiple" in definition,
      ...(definition.short === undefined ? {} : { short: definition.short }),
    };
  }
  const config = { args: [...words], options, allowPositionals: true };
  for (const token of parseArgs({ ...config, strict: false, tokens: true }).tokens) {
    if (token.kind !== "option" || token.name in definitions) continue;
    const near = token.rawName.startsWith("--") ? suggest(token.name, Object.keys(definitions)) : null;
    const hint = near === null ? "" : ` Did you mean --${near}?`;
    throw new UsageError(`\`isola ${command.name}\` has no option ${token.rawName}.${hint}`, command.name);
  }
  try {
    return parseArgs({ ...config, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), command.name);
  }
}

function valueOf(command: Command, name: string, definition: OptionDefinition, raw: RawValue) {
  if (definition.type === "boolean") return raw === true;
  if (raw === undefined) {
    if (definition.type === "string" && definition.multiple) return [];
    if (definition.type === "string" && definition.required) {
      throw new UsageError(`\`isola ${command.name}\` needs --${name} <${definition.value}>.`, command.name);
    }
    return undefined;
  }
  if (Array.isArray(raw)) return raw.map(String);
  const text = String(raw);
  if (definition.type === "string") return text;
  const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= definition.min && number <= definition.max)) {
    const range = `a whole number from ${definition.min} to ${definition.max}`;
    throw new UsageError(`--${name} must be ${range}, not "${text}".`, command.name);
  }
  return number;
}

function parsePositionals(command: Command, positionals: readonly string[]): ParsedLine["args"] {
  const args: ParsedLine["args"] = {};
  for (const [index, definition] of command.args.entries()) {
    const value = positionals[index];
    if (value === undefined && definition.optional !== true) {
      throw new UsageError(`\`isola ${command.name}\` needs <${definition.name}>: ${definition.about}.`, command.name);
    }
    args[definition.name] = value;
  }
  const extra = positionals[command.args.length];
  if (extra !== undefined) {
    throw new UsageError(`\`isola ${command.name}\` does not know what to do with "${extra}".`, command.name);
  }
  return args;
}
