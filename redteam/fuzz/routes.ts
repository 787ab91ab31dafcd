import {
  compileRoutes,
  conflictsOf,
  parseRoute,
  sortByPrecedence,
  splitRoutePattern,
  type Matcher,
  type Route,
} from "../../contracts/routing/index.ts";
import { Finding, Random } from "./random.ts";
import {
  expectedConflict,
  expectedMatch,
  requestedSegments,
  takesHost,
  takesMethod,
  takesPath,
} from "./route-reference.ts";

const METHODS = ["ANY", "GET", "POST", "HEAD", "DELETE"] as const;
const HOSTS = [null, null, null, "shop.example.com", "*.example.com", "*.shop.example.com", "*.com"] as const;
const LITERALS = [
  "a",
  "b",
  "c",
  "%61",
  "é",
  "a%2Fb",
  "x%25",
  "%3Ax",
  "A",
  ".well-known",
  "%2A",
  "a.b",
  "~",
  "100%25",
] as const;
const REQUESTED = [
  ...LITERALS,
  "",
  "100%",
  "%zz",
  "%C3%A9",
  "a%2fb",
  ":x",
  "*",
  ".",
  "..",
  "%2e%2E",
  ".isola",
  "%2Eisola",
  "a;b",
  "a b",
  "\\",
] as const;
const ASKED_METHODS = ["GET", "HEAD", "POST", "DELETE", "PUT", "OPTIONS"] as const;
const ASKED_HOSTS = [
  "shop.example.com",
  "a.shop.example.com",
  "example.com",
  "b.example.com",
  "hello.localhost",
  "com",
] as const;
const JUNK = [
  "/",
  ":",
  "*",
  "%",
  ".",
  "..",
  "?",
  "#",
  "\\",
  " ",
  "\u0000",
  "é",
  "\ud800",
  "%2F",
  "%ff",
  ".isola",
  ":id",
  "GET ",
  "@",
  "[",
  "*.",
] as const;
const ROUTES_PER_TABLE = 14;
const REQUESTS_PER_TABLE = 20;

interface Pattern {
  path: string;
  pathKind: Route["pathKind"];
}

function pattern(random: Random): Pattern {
  const pathKind = random.pick(["exact", "param", "param", "prefix"] as const);
  const parts = random.list(pathKind === "prefix" ? 0 : 1, 4, () => random.pick(LITERALS) as string);
  if (pathKind === "param") {
    const at = random.below(parts.length);
    for (const index of parts.keys()) if (index === at || random.chance(1, 3)) parts[index] = `:p${index}`;
  }
  if (pathKind === "prefix") return { path: `/${[...parts, "*"].join("/")}`, pathKind };
  return { path: `/${parts.join("/")}${random.chance(1, 8) ? "/" : ""}`, pathKind };
}

/** A route as `parseRoute` has to read it, from parts that are known to be right. */
function route(random: Random, id: string): Route {
  const { path, pathKind } = pattern(random);
  const input = { method: random.pick(METHODS), host: random.pick(HOSTS), path };
  const parsed = parseRoute(input);
  if (!parsed.ok) throw new Error(`${JSON.stringify(input)} was refused: ${parsed.reason}`);
  const { method, host } = parsed.route;
  if (parsed.route.pathKind !== pathKind) throw new Error(`${path} was read as ${parsed.route.pathKind}`);
  if (method !== input.method || host !== input.host) throw new Error(`${JSON.stringify(input)} was read as another`);
  return { id, scriptId: "scr_1", method, host, path: parsed.route.path, pathKind };
}

/** Routes that the platform would have let in, one after the other; each decision is checked. */
function table(random: Random): Route[] {
  const kept: Route[] = [];
  for (const candidate of random.list(1, ROUTES_PER_TABLE, (index) => route(random, `r${index}`))) {
    const conflicts = new Set(conflictsOf(candidate, kept));
    for (const other of kept) {
      if (expectedConflict(candidate, other) === conflicts.has(other)) continue;
      throw new Error(
        `${candidate.method} ${candidate.path} and ${other.method} ${other.path}: ${conflicts.has(other) ? "said" : "missed"} a conflict`,
      );
    }
    if (conflicts.size === 0) kept.push(candidate);
  }
  return kept;
}

function checkAllow(matcher: Matcher, routes: readonly Route[], host: string, path: string): void {
  const allowed = matcher.allow(host, path);
  const requested = requestedSegments(path);
  const here = requested === null ? [] : routes.filter((each) => takesHost(each, host) && takesPath(each, requested));
  if ((allowed.length === 0) !== (here.length === 0)) throw new Error(`Allow is ${allowed.join()}`);
  for (const method of ASKED_METHODS) {
    const said = allowed.includes(method) || allowed.includes("ANY");
    if (said !== here.some((each) => takesMethod(each, method)))
      throw new Error(`Allow is ${allowed.join()} for ${method}`);
  }
}

/** Text that is no route most of the time: it may be refused, it may not throw, and what is let in reads the same again. */
function checkJunk(random: Random): void {
  const text = random.list(0, 10, () => random.pick(JUNK) as string).join("");
  const parsed = parseRoute({
    path: `/${text}`,
    host: random.chance(1, 4) ? text : null,
    method: random.pick(METHODS),
  });
  if (parsed.ok && JSON.stringify(parseRoute(parsed.route)) !== JSON.stringify(parsed))
    throw new Error(`${text} reads differently again`);
  if (!parsed.ok && parsed.reason === "") throw new Error(`${text} was refused without a reason`);
  splitRoutePattern(text);
  compileRoutes([]).match(text, text, text);
}

/**
 * Generates tables of routes and requests, and compares parse, conflict, precedence, match and `Allow` with the reference.
 *
 * @returns how many routes and requests were tried; at least `runs` of the latter.
 * @throws Finding
 */
export function fuzzRoutes(seed: number, runs: number): { routes: number; requests: number } {
  const random = new Random(seed);
  let [routes, requests] = [0, 0];
  while (requests < runs) {
    let input: unknown = null;
    try {
      checkJunk(random);
      const kept = table(random);
      input = kept;
      routes += kept.length;
      const matcher = compileRoutes(sortByPrecedence(kept));
      for (let index = 0; index < REQUESTS_PER_TABLE; index += 1, requests += 1) {
        const method = random.pick(ASKED_METHODS);
        const host = random.pick(ASKED_HOSTS);
        const path = `/${random.list(1, 5, () => random.pick(REQUESTED) as string).join("/")}${random.chance(1, 9) ? "?q=/a" : ""}`;
        input = { kept, method, host, path };
        const match = matcher.match(method, host, path);
        const found = match === null ? null : { id: match.route.id, params: { ...match.params } };
        const expected = expectedMatch(kept, method, host, path);
        if (JSON.stringify(found) !== JSON.stringify(expected)) {
          throw new Error(`matched ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
        }
        if (index === 0) checkAllow(matcher, kept, host, path);
      }
    } catch (error) {
      throw new Finding(seed, requests, error instanceof Error ? error.message : String(error), input);
    }
  }
  return { routes, requests };
}
