/**
 * A document after a JSON Merge Patch (RFC 7396): null removes a field, an object is merged into one, and anything
 * else replaces what was there. Changes neither of the two.
 */
export function merged(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const fields = new Map(isRecord(target) ? Object.entries(target) : []);
  for (const [name, inner] of Object.entries(patch)) {
    if (inner === null) fields.delete(name);
    else fields.set(name, merged(fields.get(name), inner));
  }
  // Made of entries, which takes `__proto__` for the name of a field.
  return Object.fromEntries(fields);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
