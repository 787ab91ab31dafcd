import type { ProjectedScript, Projection } from "../../../contracts/projection.ts";
import { compileRoutes, type Matcher } from "../../../contracts/routing/index.ts";

/** An org as the hot path reads it: its projection with the routes compiled once. */
export interface ResolvedOrg {
  projection: Projection;
  matcher: Matcher;
}

/** Compiles what an org published. */
export function resolvedOrg(projection: Projection): ResolvedOrg {
  return { projection, matcher: compileRoutes(projection.routes) };
}

/** The script an id or a name means in this org; null when it means none. */
export function findScript(org: ResolvedOrg, idOrName: string): ProjectedScript | null {
  const { scripts } = org.projection;
  if (Object.hasOwn(scripts, idOrName)) return scripts[idOrName] ?? null;
  for (const script of Object.values(scripts)) if (script.name === idOrName) return script;
  return null;
}
