import type { JsonSchema } from "./document.ts";

/** Texts of every form that the API has; the first that fits a schema is taken. They name nothing. */
const TEXTS = [
  "nothing",
  "NOTHING",
  "/nothing",
  "nothing@example.com",
  "GET",
  "ok",
  "0",
  "00000000-0000-4000-8000-000000000000",
  "2026-01-01",
  "2026-01-01T00:00:00.000Z",
  "https://example.com/nothing",
  "0".repeat(64),
];
/** An id is a prefix and characters of Crockford's base 32. */
const ID_PATTERN = /^\^(\w+_)\[[^\]]+\]\{(\d+),\d+\}\$$/;
/** What is more than its schema says, by the name of its property. */
const BY_NAME: Readonly<Record<string, unknown>> = {
  schedule: "0 0 1 1 *",
  expiresAt: Date.UTC(2090, 0, 1),
  host: null,
  path: "/nothing",
};

/**
 * A value that a schema takes: what it requires and nothing else, with ids and names that name nothing.
 * `name` is that of the property. Throws for a schema that it has no value for.
 */
export function sampleOf(schema: JsonSchema, name = ""): unknown {
  if ("default" in schema) return schema["default"];
  if ("const" in schema) return schema["const"];
  const [first] = listOf(schema["enum"]);
  if (first !== undefined) return first;
  const [variant] = [...listOf(schema["anyOf"]), ...listOf(schema["oneOf"])];
  if (variant !== undefined) return sampleOf(variant as JsonSchema, name);
  if (Object.hasOwn(BY_NAME, name)) return BY_NAME[name];
  switch (listOf(schema["type"])[0] ?? schema["type"]) {
    case "object":
      return sampleOfObject(schema);
    case "array":
      return Array.from({ length: numberOf(schema["minItems"]) ?? 0 }, () => sampleOf(schema["items"] as JsonSchema));
    case "string":
      return sampleOfText(schema);
    case "integer":
    case "number":
      return sampleOfNumber(schema);
    case "boolean":
      return false;
    case "null":
      return null;
    default:
      // A schema without a type takes any value.
      return {};
  }
}

/** A body that changes something: what is required, or else the first of what can be changed. */
export function sampleOfChange(schema: JsonSchema): unknown {
  const sample = sampleOf(schema);
  const [first] = Object.entries((schema["properties"] ?? {}) as Record<string, JsonSchema>);
  const isEmpty = typeof sample === "object" && sample !== null && Object.keys(sample).length === 0;
  return isEmpty && first !== undefined ? { [first[0]]: sampleOf(first[1], first[0]) } : sample;
}

function sampleOfObject(schema: JsonSchema): Record<string, unknown> {
  const properties = (schema["properties"] ?? {}) as Record<string, JsonSchema>;
  const required = listOf(schema["required"]).map(String);
  return Object.fromEntries(required.map((name) => [name, sampleOf(properties[name] ?? {}, name)]));
}

function sampleOfText(schema: JsonSchema): string {
  const pattern = typeof schema["pattern"] === "string" ? schema["pattern"] : "";
  const [, prefix, length] = ID_PATTERN.exec(pattern) ?? [];
  if (prefix !== undefined) return prefix + "0".repeat(Math.max(20, Number(length)));
  const least = numberOf(schema["minLength"]) ?? 0;
  const most = numberOf(schema["maxLength"]) ?? Infinity;
  const form = new RegExp(pattern, "u");
  const long = TEXTS.map((text) => text.padEnd(least, text));
  const found = [...TEXTS, ...long].find((text) => text.length >= least && text.length <= most && form.test(text));
  if (found === undefined) throw new Error(`Say what a text of the form ${pattern} can be`);
  return found;
}

function sampleOfNumber(schema: JsonSchema): number {
  const least = numberOf(schema["minimum"]) ?? (numberOf(schema["exclusiveMinimum"]) ?? 0) + 1;
  return Math.max(least, Math.min(1, numberOf(schema["maximum"]) ?? 1));
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
