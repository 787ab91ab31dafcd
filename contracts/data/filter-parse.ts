import { PlatformError } from "../errors.ts";
import {
  FILTER_DEPTH_MAX,
  FILTER_IN_MAX,
  FILTER_LENGTH_MAX,
  FILTER_OPERATORS_MAX,
  VALUE_DEPTH_MAX,
} from "../limits.ts";
import { fieldPathProblem } from "./filter-path.ts";
import type { Comparison, Filter } from "./filter-tree.ts";
import { isFiniteThroughout } from "./filter-value.ts";
import { isDeeperThan } from "./value.ts";

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map([
  ["$gt", "gt"],
  ["$gte", "gte"],
  ["$lt", "lt"],
  ["$lte", "lte"],
]);
const FIELD_OPERATORS = "$eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists and $not";
const FILTER_OPERATORS = "$and, $or, $nor and $not";
/** Of a name that a message repeats, in characters. */
const SHOWN_LENGTH_MAX = 60;

/**
 * Reads the JSON text of a filter.
 *
 * @throws PlatformError `invalid` that names the place and the operator, for what is no filter or over its bounds.
 */
export function parseFilter(text: string): Filter {
  if (text.length > FILTER_LENGTH_MAX) {
    throw invalid("", `must be at most ${FILTER_LENGTH_MAX} characters of JSON; ask in several parts`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid("", "must be JSON");
  }
  return new FilterReader().filter(json, "", 1);
}

class FilterReader {
  #operators = 0;

  /** An object of fields and of the operators that join filters. */
  filter(json: unknown, place: string, depth: number): Filter {
    if (!isRecord(json)) throw invalid(place, 'must be an object such as {"status":"open"}');
    if (depth > FILTER_DEPTH_MAX) throw invalid(place, `must not be more than ${FILTER_DEPTH_MAX} levels deep`);
    const parts = Object.entries(json).map(([name, inner]) => {
      const at = join(place, name);
      return name.startsWith("$") ? this.#joint(name, inner, at, depth) : this.#field(name, inner, at, depth);
    });
    return joined(parts);
  }

  #joint(name: string, json: unknown, place: string, depth: number): Filter {
    this.#count(place);
    switch (name) {
      case "$and":
        return { type: "all", of: this.#filters(json, place, depth) };
      case "$or":
        return { type: "any", of: this.#filters(json, place, depth) };
      case "$nor":
        return not({ type: "any", of: this.#filters(json, place, depth) });
      case "$not":
        return not(this.filter(json, place, depth + 1));
      default:
        throw invalid(
          place,
          `is not an operator here; there are ${FILTER_OPERATORS}, and of a field ${FIELD_OPERATORS}`,
        );
    }
  }

  #filters(json: unknown, place: string, depth: number): Filter[] {
    if (!Array.isArray(json) || json.length === 0) throw invalid(place, "must be an array of at least one filter");
    return json.map((each, index) => this.filter(each, `${place}[${index}]`, depth + 1));
  }

  /** A value that the field must have, or an object of operators. */
  #field(path: string, json: unknown, place: string, depth: number): Filter {
    const problem = fieldPathProblem(path);
    if (problem !== null) throw invalid(place, `is no path of a field: it ${problem}`);
    const steps = path.split(".");
    if (isRecord(json) && Object.keys(json).some((name) => name.startsWith("$"))) {
      return this.#tests(steps, json, place, depth);
    }
    this.#count(place);
    return { type: "test", steps, operator: "eq", value: operand(json, place) };
  }

  #tests(steps: readonly string[], json: unknown, place: string, depth: number): Filter {
    if (!isRecord(json)) throw invalid(place, 'must be an object of operators such as {"$gt":1}');
    if (depth > FILTER_DEPTH_MAX) throw invalid(place, `must not be more than ${FILTER_DEPTH_MAX} levels deep`);
    return joined(
      Object.entries(json).map(([name, inner]) => this.#test(steps, name, inner, join(place, name), depth)),
    );
  }

  #test(steps: readonly string[], name: string, json: unknown, place: string, depth: number): Filter {
    this.#count(place);
    const comparison = COMPARISONS.get(name);
    if (comparison !== undefined) {
      if (!isOrdered(json)) throw invalid(place, "compares with a number, a text or a boolean");
      return { type: "test", steps, operator: comparison, value: operand(json, place) };
    }
    switch (name) {
      case "$eq":
        return { type: "test", steps, operator: "eq", value: operand(json, place) };
      case "$ne":
        return not({ type: "test", steps, operator: "eq", value: operand(json, place) });
      case "$in":
        return { type: "test", steps, operator: "in", values: operands(json, place) };
      case "$nin":
        return not({ type: "test", steps, operator: "in", values: operands(json, place) });
      case "$exists":
        if (typeof json !== "boolean") throw invalid(place, "must be true or false");
        return { type: "test", steps, operator: "exists", exists: json };
      case "$not":
        return not(this.#tests(steps, json, place, depth + 1));
      default:
        throw invalid(place, `is not an operator of a field; there are ${FIELD_OPERATORS}`);
    }
  }

  #count(place: string): void {
    this.#operators += 1;
    if (this.#operators > FILTER_OPERATORS_MAX) {
      throw invalid(place, `is one too many: a filter has at most ${FILTER_OPERATORS_MAX} operators`);
    }
  }
}

const not = (of: Filter): Filter => ({ type: "not", of });

function joined(parts: Filter[]): Filter {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { type: "all", of: parts };
}

function operands(json: unknown, place: string): unknown[] {
  if (!Array.isArray(json)) throw invalid(place, "must be an array of values");
  if (json.length > FILTER_IN_MAX)
    throw invalid(place, `must have at most ${FILTER_IN_MAX} values; ask in several parts`);
  return json.map((each, index) => operand(each, `${place}[${index}]`));
}

function operand(json: unknown, place: string): unknown {
  if (isDeeperThan(json, VALUE_DEPTH_MAX)) {
    throw invalid(place, `must not be more than ${VALUE_DEPTH_MAX} levels deep`);
  }
  if (!isFiniteThroughout(json)) throw invalid(place, "has a number that is too big");
  return json;
}

const isOrdered = (json: unknown): boolean => ["number", "string", "boolean"].includes(typeof json);
const isRecord = (json: unknown): json is Record<string, unknown> =>
  typeof json === "object" && json !== null && !Array.isArray(json);

function join(place: string, name: string): string {
  const shown = name.length > SHOWN_LENGTH_MAX ? `${name.slice(0, SHOWN_LENGTH_MAX)}…` : name;
  return place === "" ? shown : `${place}.${shown}`;
}

function invalid(place: string, reason: string): PlatformError {
  const field = place === "" ? "filter" : `filter.${place}`;
  const subject = place === "" ? "It" : `\`${place}\``;
  return new PlatformError("invalid", `The filter is not valid. ${subject} ${reason}.`, {
    issues: [{ field, reason }],
  });
}
