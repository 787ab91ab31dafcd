/** How the harness puts a value into words, for console lines and faults, as source text. */
export const SHOW_MODULE = `
const { stringify } = JSON;
const NativeError = Error;
const NativeHeaders = Headers;

export function show(value, seen) {
  switch (typeof value) {
    case "string": return value;
    case "bigint": return value + "n";
    case "symbol": return String(value);
    case "undefined": return "undefined";
    case "function": return "[function " + (value.name || "anonymous") + "]";
  }
  if (value === null || typeof value !== "object") return String(value);
  try {
    if (value instanceof NativeError) return value.stack || String(value);
    return stringify(value, (key, inner) => {
      if (typeof inner === "bigint") return inner + "n";
      if (typeof inner === "function") return "[function " + (inner.name || "anonymous") + "]";
      if (inner === null || typeof inner !== "object") return inner;
      if (inner instanceof NativeError) return inner.stack || String(inner);
      if (inner instanceof Map) return { Map: [...inner].slice(0, 50) };
      if (inner instanceof Set) return { Set: [...inner].slice(0, 50) };
      if (inner instanceof NativeHeaders) return { Headers: [...inner] };
      if (seen.has(inner)) return "[circular]";
      seen.add(inner);
      return inner;
    }) ?? String(value);
  } catch {
    return "[not printable]";
  }
}
`;
