import type { Command } from "../framework/command.ts";
import { completionOf } from "./completion.ts";
import { deploy } from "./deploy.ts";
import { dev } from "./dev.ts";
import { curlExecution } from "./executions/curl.ts";
import { getExecution } from "./executions/get.ts";
import { listExecutions } from "./executions/list.ts";
import { replayExecution } from "./executions/replay.ts";
import { invoke } from "./invoke.ts";
import { createKey } from "./keys/create.ts";
import { listKeys } from "./keys/list.ts";
import { revokeKey } from "./keys/revoke.ts";
import { login } from "./login.ts";
import { logout } from "./logout.ts";
import { logs } from "./logs.ts";
import { createOrg } from "./orgs/create.ts";
import { deleteOrg } from "./orgs/delete.ts";
import { getOrg } from "./orgs/get.ts";
import { listOrgs } from "./orgs/list.ts";
import { setOrg } from "./orgs/set.ts";
import { checkRoute } from "./routes/check.ts";
import { createRoute } from "./routes/create.ts";
import { deleteRoute } from "./routes/delete.ts";
import { listRoutes } from "./routes/list.ts";
import { matchRoute } from "./routes/match.ts";
import { deleteScript } from "./scripts/delete.ts";
import { diffScript } from "./scripts/diff.ts";
import { getScript } from "./scripts/get.ts";
import { listScripts } from "./scripts/list.ts";
import { rollBackScript } from "./scripts/rollback.ts";
import { setScript } from "./scripts/set.ts";
import { listVersions } from "./scripts/versions.ts";
import { version } from "./version.ts";
import { whoami } from "./whoami.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  login,
  logout,
  whoami,
  deploy,
  dev,
  invoke,
  logs,
  version,
  completionOf(() => COMMANDS),
  listOrgs,
  createOrg,
  getOrg,
  setOrg,
  deleteOrg,
  listScripts,
  getScript,
  setScript,
  listVersions,
  diffScript,
  rollBackScript,
  deleteScript,
  listRoutes,
  createRoute,
  deleteRoute,
  checkRoute,
  matchRoute,
  listExecutions,
  getExecution,
  replayExecution,
  curlExecution,
  listKeys,
  createKey,
  revokeKey,
];
