import { SCRIPT_CACHE_ENTRIES_MAX, SCRIPT_CACHE_LENGTH_MAX } from "../../../contracts/limits.ts";

/** A memory of the isolate's own for scripts, as source text. It holds texts, whose room is known and which nobody changes. */
export const CACHE_SOURCE = String.raw`
import { encode, functionOf, millisecondsOf, optionsOf, parse, textOf } from "./isola-values.js";

const { now } = Date;
const kept = new Map();
let length = 0;

function forget(key) {
  const entry = kept.get(key);
  if (entry === undefined) return false;
  kept.delete(key);
  length -= key.length + entry.text.length;
  return true;
}

function find(key) {
  const entry = kept.get(textOf(key, "key"));
  if (entry === undefined) return undefined;
  if (now() >= entry.until) {
    forget(key);
    return undefined;
  }
  // What was used last goes last.
  kept.delete(key);
  kept.set(key, entry);
  return entry;
}

function keep(key, value, options) {
  const { ttlSeconds } = optionsOf(options, ["ttlSeconds"]);
  const entry = { text: encode(value, "value"), until: now() + millisecondsOf(ttlSeconds, "ttlSeconds", Infinity) };
  forget(textOf(key, "key"));
  kept.set(key, entry);
  length += key.length + entry.text.length;
  for (const oldest of kept.keys()) {
    if (kept.size <= ${SCRIPT_CACHE_ENTRIES_MAX} && length <= ${SCRIPT_CACHE_LENGTH_MAX}) break;
    forget(oldest);
  }
}

export const cache = {
  async get(key) {
    const entry = find(key);
    return entry === undefined ? undefined : parse(entry.text);
  },
  async set(key, value, options) {
    keep(key, value, options);
  },
  async delete(key) {
    return forget(textOf(key, "key"));
  },
  async remember(key, options, make) {
    const entry = find(key);
    if (entry !== undefined) return parse(entry.text);
    const value = await functionOf(make, "make")();
    keep(key, value, options);
    return value;
  },
};
`;
