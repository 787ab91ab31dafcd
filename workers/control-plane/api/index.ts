import type { Mounted } from "../mount.ts";
import { executions } from "./executions.ts";
import { identity } from "./identity.ts";
import { keys } from "./keys.ts";
import { orgs } from "./orgs.ts";
import { routes } from "./routes.ts";
import { scripts } from "./scripts.ts";

/** Every endpoint of the API with its handler. */
export const MOUNTED: readonly Mounted[] = [identity, keys, orgs, scripts, routes, executions].flatMap(
  ({ all }) => all,
);
