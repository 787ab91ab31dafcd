import { DATA_BATCH_BYTES_MAX, VALUE_BYTES_MAX, VALUE_DEPTH_MAX } from "../../../contracts/limits.ts";

/**
 * How values and options become what the platform takes, as source text. JSON drops or changes what it cannot hold; here
 * that is an error which names the place, so that nothing is lost in silence. A value is walked once, within the
 * bounds that it has to keep to anyhow: one that shares its parts can be endless to write though it is small to hold.
 */
export const VALUES_SOURCE = String.raw`
import { IsolaError } from "./runtime.js";

const { stringify, parse } = JSON;
const { isArray } = Array;
const { isFinite, isSafeInteger } = Number;
const { getPrototypeOf, keys, prototype: plainPrototype } = Object;
const { apply } = Reflect;
const { round } = Math;
const NativeDate = Date;
const dateTime = Date.prototype.getTime;
const identifier = /^[A-Za-z_$][\w$]*$/;
// Its own, since test() asks for it, and the script may put another in the prototype.
identifier.exec = identifier.exec;
const isIdentifier = identifier.test.bind(identifier);

export { isArray, keys, parse, stringify };

export function invalid(field, reason) {
  return new IsolaError("invalid", field + " " + reason + ".", { issues: [{ field, reason }] });
}

function placeOf(walk) {
  let place = walk.name;
  for (const step of walk.path) {
    place += typeof step === "number" ? "[" + step + "]" : isIdentifier(step) ? "." + step : "[" + stringify(step) + "]";
    if (place.length > 300) return place + "…";
  }
  return place;
}

function spend(walk, length) {
  walk.left -= length;
  if (walk.left >= 0) return;
  const limitBytes = walk.bytesMax;
  throw new IsolaError("too_large", walk.name + " is over " + limitBytes + " bytes of JSON.", { limitBytes });
}

function walkValue(value, walk, key, mayConvert) {
  switch (typeof value) {
    case "string": return spend(walk, value.length + 2);
    case "boolean": return spend(walk, 4);
    case "number":
      if (isFinite(value)) return spend(walk, 1);
      throw invalid(placeOf(walk), "is " + value + ", which JSON cannot hold");
    case "undefined": throw invalid(placeOf(walk), "is undefined: leave it out, or say null");
    case "object": break;
    default: throw invalid(placeOf(walk), "is a " + typeof value + ", which JSON cannot hold");
  }
  if (value === null) return spend(walk, 4);
  if (mayConvert && typeof value.toJSON === "function") {
    if (value instanceof NativeDate && !isFinite(apply(dateTime, value, []))) throw invalid(placeOf(walk), "is an invalid date");
    return walkValue(value.toJSON(key), walk, key, false);
  }
  const list = isArray(value);
  if (!list) {
    const prototype = getPrototypeOf(value);
    if (prototype !== plainPrototype && prototype !== null) {
      throw invalid(placeOf(walk), "is a " + (prototype.constructor?.name || "class instance") + ", which JSON cannot hold");
    }
  }
  const { above, path } = walk;
  for (let i = 0; i < above.length; i++) if (above[i] === value) throw invalid(placeOf(walk), "contains itself");
  if (above.length >= ${VALUE_DEPTH_MAX}) throw invalid(placeOf(walk), "is more than ${VALUE_DEPTH_MAX} levels deep");
  spend(walk, 2);
  const depth = above.length;
  above[depth] = value;
  const names = list ? undefined : keys(value);
  const count = list ? value.length : names.length;
  for (let i = 0; i < count; i++) {
    const step = list ? i : names[i];
    path[depth] = step;
    if (!list) spend(walk, step.length + 3);
    walkValue(value[step], walk, step, true);
  }
  path.length = above.length = depth;
}

/** The JSON text of a value, or an error that names what in it is no JSON. */
export function encode(value, name, bytesMax = ${VALUE_BYTES_MAX}) {
  walkValue(value, { name, bytesMax, left: bytesMax, above: [], path: [] }, "", true);
  const text = stringify(value);
  if (typeof text === "string") return text;
  throw invalid(name, "is no JSON");
}

/** What one call cannot carry is better refused before it is on its way; the platform counts again, in bytes. */
export function checkTogether(texts) {
  let length = 0;
  for (let i = 0; i < texts.length; i++) length += texts[i].length;
  if (length <= ${DATA_BATCH_BYTES_MAX}) return;
  throw new IsolaError("too_large", "One call carries at most ${DATA_BATCH_BYTES_MAX} bytes of values. Use several.", { limitBytes: ${DATA_BATCH_BYTES_MAX} });
}

export function textOf(value, name) {
  if (typeof value === "string") return value;
  throw invalid(name, "must be text, not " + (value === null ? "null" : typeof value));
}

export function textsOf(values, name) {
  const list = listOf(values, name);
  for (let i = 0; i < list.length; i++) textOf(list[i], name + "[" + i + "]");
  return list;
}

/** What can be looped over, as a list; a text is one, and never meant. */
export function listOf(values, name) {
  if (values === null || typeof values !== "object" || typeof values[Symbol.iterator] !== "function") {
    throw invalid(name, "must be a list");
  }
  return [...values];
}

export function objectOf(value, name) {
  if (typeof value === "object" && value !== null && !isArray(value)) return value;
  throw invalid(name, "must be an object");
}

/** Options, of which none may be misspelt. */
export function optionsOf(options, known, name = "options") {
  if (options === undefined || options === null) return {};
  for (const key of keys(objectOf(options, name))) {
    if (!known.includes(key)) throw invalid(name + "." + key, "is unknown: there are " + known.join(", "));
  }
  return options;
}

export function numberOf(value, name) {
  if (typeof value === "number" && isFinite(value)) return value;
  throw invalid(name, "must be a number");
}

export function wholeOf(value, name, min = -Infinity, max = Infinity) {
  if (!isSafeInteger(value)) throw invalid(name, "must be a whole number");
  if (value < min || value > max) throw invalid(name, "must be from " + min + " to " + max);
  return value;
}

/** Seconds as milliseconds; what is left out is the fallback. */
export function millisecondsOf(seconds, name, fallback, minMs = 0, maxMs = Infinity) {
  if (seconds === undefined || seconds === null) return fallback;
  const milliseconds = round(numberOf(seconds, name) * 1000);
  if (milliseconds >= minMs && milliseconds <= maxMs) return milliseconds;
  throw invalid(name, "must be from " + minMs / 1000 + " to " + maxMs / 1000 + " seconds");
}

export function versionOf(ifVersion) {
  return ifVersion === undefined || ifVersion === null ? null : wholeOf(ifVersion, "ifVersion");
}

export function functionOf(value, name) {
  if (typeof value === "function") return value;
  throw invalid(name, "must be a function");
}
`;
