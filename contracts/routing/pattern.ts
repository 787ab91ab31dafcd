import { ROUTE_PATH_LENGTH_MAX, ROUTE_SEGMENTS_MAX } from "../limits.ts";
import { canonicalSegment, decodeSegment, RESERVED_SEGMENT } from "./path.ts";
import type { PathKind } from "./types.ts";

/** A path pattern, or why it is none. */
type ParsedPattern = { ok: true; path: string; pathKind: PathKind } | { ok: false; reason: string };

const PARAM_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const CONTROL = /\p{Cc}/u;
/** What a literal segment keeps encoded, so that the pattern reads the same when it is parsed again. */
const KEPT_ENCODED = /[%/\\?#:*\s]/gu;

const refuse = (reason: string): ParsedPattern => ({ ok: false, reason });

/**
 * Parses a path pattern and normalises its escapes; the kind is read off the pattern. Refuses, in
 * words that follow the field's name, whatever no request could match or two readers could read differently.
 */
export function parsePattern(pattern: string): ParsedPattern {
  if (pattern.length > ROUTE_PATH_LENGTH_MAX) return refuse(`must have at most ${ROUTE_PATH_LENGTH_MAX} characters`);
  if (!pattern.startsWith("/")) return refuse('must begin with "/"');
  const characters = charactersProblem(pattern);
  if (characters !== null) return refuse(characters);

  const raw = pattern.slice(1).split("/");
  if (raw.length > ROUTE_SEGMENTS_MAX) return refuse(`must have at most ${ROUTE_SEGMENTS_MAX} segments`);
  if (raw.slice(0, -1).includes("")) return refuse('has an empty segment ("//")');

  const names = new Set<string>();
  const segments: string[] = [];
  for (const [index, segment] of raw.entries()) {
    if (segment === "*" && index === raw.length - 1) {
      if (names.size > 0) return refuse('cannot have both parameters and a "*" at the end');
      return { ok: true, path: `/${[...segments, "*"].join("/")}`, pathKind: "prefix" };
    }
    if (segment.startsWith(":")) {
      const problem = paramProblem(segment.slice(1), names);
      if (problem !== null) return refuse(problem);
      names.add(segment.slice(1));
      segments.push(segment);
      continue;
    }
    const literal = parseLiteral(segment);
    if ("reason" in literal) return refuse(literal.reason);
    if (index === 0 && literal.decoded === RESERVED_SEGMENT) {
      return refuse(`begins with "/${RESERVED_SEGMENT}", which belongs to the platform`);
    }
    segments.push(literal.decoded.replace(KEPT_ENCODED, encodeURIComponentFully));
  }
  return { ok: true, path: `/${segments.join("/")}`, pathKind: names.size > 0 ? "param" : "exact" };
}

function charactersProblem(pattern: string): string | null {
  if (!pattern.isWellFormed()) return "must be well-formed Unicode";
  if (CONTROL.test(pattern)) return "must not contain control characters";
  if (/\s/u.test(pattern)) return "must not contain spaces; write %20 for one";
  if (pattern.includes("?")) return 'must not contain a query ("?"); routes look at the path only';
  if (pattern.includes("#")) return 'must not contain a fragment ("#"); it never reaches a server';
  if (pattern.includes("\\")) return 'must not contain a backslash; segments are divided by "/"';
  return null;
}

function paramProblem(name: string, taken: ReadonlySet<string>): string | null {
  if (name === "") return 'has a ":" without a name; write ":id", for example';
  if (name === "__proto__" || !PARAM_NAME.test(name)) {
    return `has a parameter ":${name}" whose name is not letters, digits and underscores, beginning with no digit`;
  }
  if (taken.has(name)) return `has the parameter ":${name}" twice`;
  return null;
}

function parseLiteral(segment: string): { decoded: string } | { reason: string } {
  if (segment.includes("*"))
    return { reason: 'may have "*" only as its whole last segment; write %2A for a literal one' };
  if (segment.includes(":"))
    return { reason: 'has a ":" inside a segment; a parameter takes a whole one (%3A is literal)' };
  const decoded = decodeSegment(segment);
  if (decoded === null) return { reason: `has a malformed escape in "${segment}"; write %25 for a literal "%"` };
  if (decoded === "." || decoded === "..") return { reason: `has a "${decoded}" segment, which no request carries` };
  if (CONTROL.test(decoded)) return { reason: "must not contain control characters" };
  return { decoded };
}

/** Like `encodeURIComponent`, for `*` as well. */
function encodeURIComponentFully(text: string): string {
  return text === "*" ? "%2A" : encodeURIComponent(text);
}

/** A path pattern taken apart for comparing: what it begins with, and what is variable after that. */
export interface PathShape {
  /** Exact: the whole path. Otherwise the literal text up to the `/` before the first parameter or `*`. Canonical. */
  stem: string;
  /** Literal segments before the first parameter or `*`. */
  leadingLiterals: number;
  /** The segments of a parameter path after the stem: the literal in canonical form, or null for a parameter. */
  tail: readonly (string | null)[];
  /** Names of the parameters, in the order of the nulls in `tail`. */
  names: readonly string[];
}

/** Takes a parsed pattern apart. */
export function shapeOf(path: string, pathKind: PathKind): PathShape {
  const segments = path.slice(1).split("/");
  if (pathKind === "exact") {
    return {
      stem: `/${segments.map(canonicalSegment).join("/")}`,
      leadingLiterals: segments.length,
      tail: [],
      names: [],
    };
  }
  const variable = (segment: string) => (pathKind === "prefix" ? segment === "*" : segment.startsWith(":"));
  const leadingLiterals = segments.findIndex(variable);
  const stem = `/${segments
    .slice(0, leadingLiterals)
    .map((segment) => `${canonicalSegment(segment)}/`)
    .join("")}`;
  if (pathKind === "prefix") return { stem, leadingLiterals, tail: [], names: [] };
  const rest = segments.slice(leadingLiterals);
  return {
    stem,
    leadingLiterals,
    tail: rest.map((segment) => (variable(segment) ? null : canonicalSegment(segment))),
    names: rest.filter(variable).map((segment) => segment.slice(1)),
  };
}
