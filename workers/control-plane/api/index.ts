import type { Mounted } from "../mount.ts";
import { collections } from "./collections.ts";
import { deliveries } from "./deliveries.ts";
import { docs } from "./docs.ts";
import { executions } from "./executions.ts";
import { identity } from "./identity.ts";
import { keys } from "./keys.ts";
import { kv } from "./kv.ts";
import { me } from "./me.ts";
import { orgs } from "./orgs.ts";
import { queues } from "./queues.ts";
import { routes } from "./routes.ts";
import { scripts } from "./scripts.ts";
import { secrets } from "./secrets.ts";
import { triggers } from "./triggers.ts";

/** Every endpoint of the API with its handler. */
export const MOUNTED: readonly Mounted[] = [
  identity,
  me,
  keys,
  orgs,
  scripts,
  routes,
  executions,
  kv,
  docs,
  collections,
  secrets,
  triggers,
  deliveries,
  queues,
].flatMap(({ all }) => all);
