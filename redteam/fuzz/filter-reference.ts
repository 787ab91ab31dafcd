import {
  FIELD_PATH_LENGTH_MAX,
  FIELD_PATH_STEPS_MAX,
  FILTER_DEPTH_MAX,
  FILTER_IN_MAX,
  FILTER_LENGTH_MAX,
  FILTER_OPERATORS_MAX,
  VALUE_DEPTH_MAX,
} from "../../contracts/limits.ts";

// The rules of filters written down as plainly as possible: slow, and sharing no code with their reader.

type Fields = Record<string, unknown>;

const isObject = (json: unknown): json is Fields => Object.prototype.toString.call(json) === "[object Object]";
const has = (json: object, name: string): boolean => Object.getOwnPropertyDescriptor(json, name) !== undefined;
const LOGICAL = ["$and", "$or", "$nor"];
const ORDERED = ["$gt", "$gte", "$lt", "$lte"];

/** Whether a text is a filter. */
export function judge(text: string): boolean {
  if (text.length > FILTER_LENGTH_MAX) return false;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return false;
  }
  const count = { left: FILTER_OPERATORS_MAX };
  return isFilter(json, FILTER_DEPTH_MAX, count) && count.left >= 0;
}

function isFilter(json: unknown, levels: number, count: { left: number }): boolean {
  if (levels === 0 || !isObject(json)) return false;
  return Object.keys(json).every((name) => {
    const inner = json[name];
    if (LOGICAL.includes(name)) {
      count.left -= 1;
      return Array.isArray(inner) && inner.length > 0 && inner.every((each) => isFilter(each, levels - 1, count));
    }
    if (name === "$not") {
      count.left -= 1;
      return isFilter(inner, levels - 1, count);
    }
    if (!isPath(name)) return false;
    if (isObject(inner) && Object.keys(inner).some((key) => key.startsWith("$"))) return areTests(inner, levels, count);
    count.left -= 1;
    return isOperand(inner);
  });
}

function areTests(json: unknown, levels: number, count: { left: number }): boolean {
  if (levels === 0 || !isObject(json)) return false;
  return Object.keys(json).every((name) => {
    const inner = json[name];
    count.left -= 1;
    if (name === "$eq" || name === "$ne") return isOperand(inner);
    if (ORDERED.includes(name)) return isOperand(inner) && inner !== null && typeof inner !== "object";
    if (name === "$in" || name === "$nin") {
      return Array.isArray(inner) && inner.length <= FILTER_IN_MAX && inner.every(isOperand);
    }
    if (name === "$exists") return inner === true || inner === false;
    return name === "$not" && areTests(inner, levels - 1, count);
  });
}

function isPath(path: string): boolean {
  const steps = path.split(".");
  const good = steps.every((step) => step !== "" && step[0] !== "$");
  return good && path.length <= FIELD_PATH_LENGTH_MAX && steps.length <= FIELD_PATH_STEPS_MAX;
}

function isOperand(json: unknown): boolean {
  const text = JSON.stringify(json, (_, value: unknown) => (value === Infinity || value === -Infinity ? "∞" : value));
  let [depth, deepest] = [0, 0];
  for (const character of text.replace(/"(?:[^"\\]|\\.)*"/g, "")) {
    if (character === "[" || character === "{") depth += 1;
    if (character === "]" || character === "}") depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest <= VALUE_DEPTH_MAX && !text.includes('"∞"');
}

/** Whether a document fits a filter that is one. */
export function fits(filter: unknown, doc: unknown): boolean {
  return Object.entries(filter as Fields).every(([name, inner]) => {
    const filters = inner as Fields[];
    if (name === "$and") return filters.every((each) => fits(each, doc));
    if (name === "$or") return filters.some((each) => fits(each, doc));
    if (name === "$nor") return !filters.some((each) => fits(each, doc));
    if (name === "$not") return !fits(inner, doc);
    const found = find(doc, name.split("."));
    const isTests = isObject(inner) && Object.keys(inner).some((key) => key.startsWith("$"));
    return isTests ? passes(inner, found) : isSame(found, [inner]);
  });
}

/** An array of what a path leads to, or none. */
function find(doc: unknown, steps: string[]): unknown[] {
  const [step, ...rest] = steps;
  if (step === undefined) return [doc];
  if (Array.isArray(doc)) return String(Number(step)) === step && has(doc, step) ? find(doc[Number(step)], rest) : [];
  return isObject(doc) && has(doc, step) ? find(doc[step], rest) : [];
}

function passes(tests: Fields, found: unknown[]): boolean {
  return Object.entries(tests).every(([name, inner]) => {
    if (name === "$eq") return isSame(found, [inner]);
    if (name === "$ne") return !isSame(found, [inner]);
    if (name === "$in") return (inner as unknown[]).some((each) => isSame(found, [each]));
    if (name === "$nin") return !(inner as unknown[]).some((each) => isSame(found, [each]));
    if (name === "$exists") return inner === found.length > 0;
    if (name === "$not") return !passes(inner as Fields, found);
    const [value] = found;
    if (found.length === 0 || typeof value !== typeof inner || value === null || typeof value === "object")
      return false;
    const order = orderOf(value) - orderOf(inner) || texts(value, inner);
    return { $gt: order > 0, $gte: order >= 0, $lt: order < 0, $lte: order <= 0 }[name] === true;
  });
}

const orderOf = (value: unknown): number => (typeof value === "string" ? 0 : Number(value));

/** By the first code point that differs. */
function texts(a: unknown, b: unknown): number {
  if (typeof a !== "string" || typeof b !== "string") return 0;
  const [as, bs] = [Array.from(a), Array.from(b)];
  const at = as.findIndex((character, index) => character !== bs[index]);
  if (at === -1) return as.length - bs.length;
  return (as[at]?.codePointAt(0) ?? -1) - (bs[at]?.codePointAt(0) ?? -1);
}

function isSame(a: unknown, b: unknown): boolean {
  return sorted(a) === sorted(b);
}

/** JSON text with the fields of objects in the order of their names. */
const sorted = (json: unknown): string =>
  JSON.stringify(json, (_, value: unknown) =>
    isObject(value)
      ? Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .flat()
          .concat(["object"])
      : value,
  );
