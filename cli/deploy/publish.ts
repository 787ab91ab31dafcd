import type { z } from "zod";

import type { putScript } from "../../contracts/api/scripts.ts";
import type { ParsedRoute } from "../../contracts/routing/index.ts";
import type { SomeScriptLimits } from "../../contracts/script-limits.ts";
import type { Org } from "../session/org.ts";
import type { ApiRoute } from "../session/route-text.ts";
import type { Workplace } from "../session/workplace.ts";
import { planRoutes, type RoutePlan } from "./routes.ts";
import type { Upload } from "./upload.ts";

/** A script as the API shows it. */
export type Script = z.output<(typeof putScript)["response"]>;

/** What is said of a version beside its files; what is not given stays as it is. */
export interface VersionSettings {
  message?: string | undefined;
  kind?: Script["kind"] | undefined;
  limits?: SomeScriptLimits | undefined;
}

/** What is there already; asked before an upload, so that a bad route or org leaves everything as it was. */
export async function lookAround(
  { client, slug }: Workplace,
  script: string,
  wanted: readonly ParsedRoute[],
  kind: Script["kind"] | undefined,
): Promise<{ org: Org; plan: RoutePlan }> {
  const [org, routes] = await Promise.all([
    client.getOrg({ params: { slug } }),
    client.listRoutes({ params: { slug } }),
  ]);
  return { org, plan: planRoutes(script, wanted, routes.items, kind) };
}

/** Saves a version and makes it live. */
export function saveVersion(
  { client, slug }: Workplace,
  name: string,
  upload: Upload,
  settings: VersionSettings,
  signal?: AbortSignal,
): Promise<Script> {
  const { message, kind, limits } = settings;
  return client.putScript({
    params: { slug, name },
    body: {
      files: upload.files,
      main: upload.main,
      ...(upload.sourceMap === null ? {} : { sourceMap: upload.sourceMap }),
      ...(message === undefined ? {} : { message }),
      ...(kind === undefined ? {} : { kind }),
      ...(limits === undefined ? {} : { limits }),
    },
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Makes the routes that are missing; a module, which answers no requests, gets none. Answers all that lead to the script. */
export async function makeRoutes({ client, slug }: Workplace, script: Script, plan: RoutePlan): Promise<ApiRoute[]> {
  if (script.kind === "module") return plan.kept;
  const created: ApiRoute[] = [];
  for (const { method, host, path } of plan.missing) {
    created.push(await client.createRoute({ params: { slug }, body: { method, host, path, script: script.name } }));
  }
  return [...plan.kept, ...created];
}

/** Where a route answers. */
export function urlOf(route: ApiRoute, orgUrl: string): string {
  const base = new URL(orgUrl);
  const host = route.host === null ? base.host : route.host + (base.port === "" ? "" : `:${base.port}`);
  return `${base.protocol}//${host}${route.path}`;
}
