import { DEFAULT_ORG_SETTINGS, type ProjectedScript, type Projection } from "../../../contracts/projection.ts";
import { compileRoutes, type Matcher } from "../../../contracts/routing/index.ts";
import { effectiveLimits } from "../../../contracts/script-limits.ts";

/** An org as the hot path reads it: its projection with the routes compiled once. */
export interface ResolvedOrg {
  projection: Projection;
  matcher: Matcher;
}

/** Compiles what an org published. */
export function resolvedOrg(projection: Projection): ResolvedOrg {
  // What an earlier release published has no settings, or not all of them.
  const settings = { ...DEFAULT_ORG_SETTINGS, ...(projection as Partial<Projection>).settings };
  const scripts = Object.fromEntries(
    Object.entries(projection.scripts).map(([id, script]) => [id, withLimits(script)]),
  );
  return { projection: { ...projection, settings, scripts }, matcher: compileRoutes(projection.routes) };
}

/** The script an id or a name means in this org; null when it means none. */
export function findScript(org: ResolvedOrg, idOrName: string): ProjectedScript | null {
  const { scripts } = org.projection;
  if (Object.hasOwn(scripts, idOrName)) return scripts[idOrName] ?? null;
  for (const script of Object.values(scripts)) if (script.name === idOrName) return script;
  return null;
}

/** What an earlier release published has no limits. */
function withLimits(script: ProjectedScript): ProjectedScript {
  return { ...script, limits: (script as Partial<ProjectedScript>).limits ?? effectiveLimits({}) };
}
