import type { ScriptSummary } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import type { Scope } from "../scope.ts";

/** Script id → name. */
export type RouteNames = ReadonlyMap<string, string>;

/** The names of the scripts that routes can lead to. */
export async function routeNames(scope: Scope, orgId: string): Promise<RouteNames> {
  const projection = await scope.state.projection(orgId);
  return new Map(Object.values(projection?.scripts ?? {}).map(({ id, name }) => [id, name]));
}

/** The script of that id or name. Throws `not_found`. */
export async function scriptNamed(scope: Scope, orgId: string, idOrName: string): Promise<ScriptSummary> {
  const script = await scope.state.findScript(orgId, idOrName);
  if (script !== null) return script;
  throw new PlatformError("not_found", `There is no script ${JSON.stringify(idOrName)} in this org.`);
}
