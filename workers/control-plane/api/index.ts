import type { Mounted } from "../mount.ts";
import { auditLog } from "./audit.ts";
import { collections } from "./collections.ts";
import { databases } from "./databases.ts";
import { deliveries } from "./deliveries.ts";
import { docs } from "./docs.ts";
import { domains } from "./domains.ts";
import { executions } from "./executions.ts";
import { identity } from "./identity.ts";
import { invitations } from "./invitations.ts";
import { keys } from "./keys.ts";
import { kv } from "./kv.ts";
import { machineLife } from "./machine-life.ts";
import { machines } from "./machines.ts";
import { me } from "./me.ts";
import { members } from "./members.ts";
import { open } from "./open.ts";
import { orgLife } from "./org-life.ts";
import { orgs } from "./orgs.ts";
import { partners } from "./partners.ts";
import { platform } from "./platform.ts";
import { plans } from "./plans.ts";
import { queues } from "./queues.ts";
import { routes } from "./routes.ts";
import { scripts } from "./scripts.ts";
import { secrets } from "./secrets.ts";
import { triggers } from "./triggers.ts";
import { usage } from "./usage.ts";
import { users } from "./users.ts";

/** Every endpoint of the API with its handler. */
export const MOUNTED: readonly Mounted[] = [
  identity,
  me,
  keys,
  platform,
  users,
  invitations,
  partners,
  members,
  orgs,
  orgLife,
  machines,
  machineLife,
  databases,
  domains,
  plans,
  auditLog,
  open,
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
  usage,
].flatMap(({ all }) => all);
