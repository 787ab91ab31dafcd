import type { Endpoint } from "./endpoint.ts";
import * as executions from "./executions.ts";
import * as identity from "./identity.ts";
import * as orgs from "./orgs.ts";
import * as routes from "./routes.ts";
import * as scripts from "./scripts.ts";

/** Every endpoint of the control plane, by id. */
export const ENDPOINTS = {
  getSetup: identity.getSetup,
  claimOwner: identity.claimOwner,
  getMe: identity.getMe,
  listKeys: identity.listKeys,
  createKey: identity.createKey,
  revokeKey: identity.revokeKey,
  listOrgs: orgs.listOrgs,
  createOrg: orgs.createOrg,
  getOrg: orgs.getOrg,
  patchOrg: orgs.patchOrg,
  deleteOrg: orgs.deleteOrg,
  listScripts: scripts.listScripts,
  createScript: scripts.createScript,
  getScript: scripts.getScript,
  putScript: scripts.putScript,
  patchScript: scripts.patchScript,
  deleteScript: scripts.deleteScript,
  listVersions: scripts.listVersions,
  listPackages: scripts.listPackages,
  diffScript: scripts.diffScript,
  rollBackScript: scripts.rollBackScript,
  invokeScript: scripts.invokeScript,
  listRoutes: routes.listRoutes,
  createRoute: routes.createRoute,
  deleteRoute: routes.deleteRoute,
  checkRoute: routes.checkRoute,
  matchRoute: routes.matchRoute,
  listExecutions: executions.listExecutions,
  tailExecutions: executions.tailExecutions,
  getExecution: executions.getExecution,
  replayExecution: executions.replayExecution,
} as const satisfies Record<string, Endpoint>;

export type Endpoints = typeof ENDPOINTS;
export type EndpointId = keyof Endpoints;

/** Where every endpoint lives. */
export const API_PREFIX = "/api/v1";
