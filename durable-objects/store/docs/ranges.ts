import { FILTER_IN_MAX } from "../../../contracts/limits.ts";
import type { Bounds, Demands, Edge } from "./bounds.ts";
import { compareBytes, concat, inverted, successor } from "./bytes.ts";
import type { OrderedField } from "./indexes.ts";
import { codeOf, TYPE } from "./key.ts";

/** Keys from one on (itself too) to before another; null for no end. */
export interface KeyRange {
  from: Uint8Array;
  to: Uint8Array | null;
}

/** The parts of an index in which everything is that fits, in the order of the index. */
export interface Ranges {
  ranges: KeyRange[];
  /** Fields of the index that the filter binds, from the first one on. */
  bound: number;
  /** Whether everything in them fits. */
  exact: boolean;
}

const NOTHING = new Uint8Array();
const SPANS = {
  number: [TYPE.number, TYPE.number],
  string: [TYPE.text, TYPE.text],
  boolean: [TYPE.false, TYPE.true],
  present: [TYPE.null, TYPE.object],
} as const;

/** Where to look in an index for what a filter demands. */
export function rangesOf(fields: readonly OrderedField[], demands: Demands): Ranges {
  const exact = new Set<string>();
  let prefixes: Uint8Array[] = [NOTHING];
  let span: Span | null = null;
  let bound = 0;
  for (const { field, descending } of fields) {
    const demanded = demands.fields.get(field);
    if (demanded === undefined || span !== null) break;
    const { bounds, whole } = demanded;
    const part = bounds.type === "points" ? pointCodes(bounds.values, descending) : spanOf(bounds, descending);
    if ("codes" in part) {
      const { codes } = part;
      if (prefixes.length * codes.length > FILTER_IN_MAX) break;
      prefixes = prefixes.flatMap((prefix) => codes.map((code) => concat([prefix, code])));
    } else {
      span = part;
    }
    if (whole && part.exact) exact.add(field);
    bound += 1;
  }
  return {
    ranges: prefixes.map((prefix) => within(prefix, span)),
    bound,
    exact: demands.whole && [...demands.fields.keys()].every((field) => exact.has(field)),
  };
}

/** The codes of single values, each once and in the order of the index. */
function pointCodes(values: readonly unknown[], descending: boolean): { codes: Uint8Array[]; exact: boolean } {
  const all = values.map(codeOf);
  const sorted = all.map(({ bytes }) => (descending ? inverted(bytes) : bytes)).sort(compareBytes);
  const codes = sorted.filter((code, at) => at === 0 || compareBytes(code, sorted[at - 1] ?? NOTHING) !== 0);
  return { codes, exact: all.every(({ cut }) => !cut) };
}

interface Span {
  from: Uint8Array;
  /** Not in it. */
  to: Uint8Array | null;
  exact: boolean;
}

/** Codes from the lower end to the upper end, turned round where the field is descending. */
function spanOf(bounds: Exclude<Bounds, { type: "points" }>, descending: boolean): Span {
  const [first, last] = SPANS[bounds.type === "present" ? "present" : bounds.of];
  const low = edgeOf(bounds.type === "present" ? null : bounds.low, first);
  const high = edgeOf(bounds.type === "present" ? null : bounds.high, last);
  const [start, end] = descending ? [turned(high), turned(low)] : [low, high];
  return {
    from: start.inclusive ? start.code : (successor(start.code) ?? start.code),
    to: end.inclusive ? successor(end.code) : end.code,
    exact: low.exact && high.exact,
  };
}

function edgeOf(edge: Edge | null, type: number): { code: Uint8Array; inclusive: boolean; exact: boolean } {
  if (edge === null) return { code: Uint8Array.of(type), inclusive: true, exact: true };
  const { bytes, cut } = codeOf(edge.value);
  // Where it was cut others have its code, and have to be looked at.
  return { code: bytes, inclusive: cut || edge.inclusive, exact: !cut };
}

const turned = <E extends { code: Uint8Array }>(edge: E): E => ({ ...edge, code: inverted(edge.code) });

function within(prefix: Uint8Array, span: Span | null): KeyRange {
  if (span === null) return { from: prefix, to: successor(prefix) };
  return { from: concat([prefix, span.from]), to: span.to === null ? successor(prefix) : concat([prefix, span.to]) };
}
