import * as audit from "./audit.ts";
import * as budgets from "./budgets.ts";
import * as collections from "./collections.ts";
import * as deliveries from "./deliveries.ts";
import * as docs from "./docs.ts";
import * as domains from "./domains.ts";
import type { Endpoint } from "./endpoint.ts";
import * as executions from "./executions.ts";
import * as identity from "./identity.ts";
import * as invitations from "./invitations.ts";
import * as kv from "./kv.ts";
import * as me from "./me.ts";
import * as members from "./members.ts";
import * as open from "./open.ts";
import * as orgs from "./orgs.ts";
import * as partners from "./partners.ts";
import * as platform from "./platform.ts";
import * as plans from "./plans.ts";
import * as queues from "./queues.ts";
import * as routes from "./routes.ts";
import * as scripts from "./scripts.ts";
import * as secrets from "./secrets.ts";
import * as triggers from "./triggers.ts";
import * as usage from "./usage.ts";
import * as users from "./users.ts";

/** Every endpoint of the control plane, by id. */
export const ENDPOINTS = {
  getSetup: identity.getSetup,
  claimOwner: identity.claimOwner,
  getMe: identity.getMe,
  patchMe: me.patchMe,
  listSessions: me.listSessions,
  endSession: me.endSession,
  endOtherSessions: me.endOtherSessions,
  listKeys: identity.listKeys,
  createKey: identity.createKey,
  patchKey: identity.patchKey,
  revokeKey: identity.revokeKey,
  listOrgKeys: identity.listOrgKeys,
  revokeOrgKey: identity.revokeOrgKey,
  getPlatformSettings: platform.getPlatformSettings,
  patchPlatformSettings: platform.patchPlatformSettings,
  listUsers: users.listUsers,
  inviteUser: users.inviteUser,
  getUser: users.getUser,
  patchUser: users.patchUser,
  signOutUser: users.signOutUser,
  listPlatformInvitations: invitations.listPlatformInvitations,
  revokePlatformInvitation: invitations.revokePlatformInvitation,
  lookAtInvitation: invitations.lookAtInvitation,
  acceptInvitation: invitations.acceptInvitation,
  signUp: invitations.signUp,
  listPartners: partners.listPartners,
  createPartner: partners.createPartner,
  getPartner: partners.getPartner,
  patchPartner: partners.patchPartner,
  listPartnerKeys: partners.listPartnerKeys,
  createPartnerKey: partners.createPartnerKey,
  revokePartnerKey: partners.revokePartnerKey,
  listMembers: members.listMembers,
  inviteMember: members.inviteMember,
  patchMember: members.patchMember,
  removeMember: members.removeMember,
  leaveOrg: members.leaveOrg,
  listInvitations: members.listInvitations,
  revokeInvitation: members.revokeInvitation,
  resendInvitation: members.resendInvitation,
  listOrgs: orgs.listOrgs,
  createOrg: orgs.createOrg,
  getOrg: orgs.getOrg,
  patchOrg: orgs.patchOrg,
  deleteOrg: orgs.deleteOrg,
  signInToOrg: open.signInToOrg,
  rotateSigningKeys: open.rotateSigningKeys,
  listPlans: plans.listPlans,
  putPlan: plans.putPlan,
  deletePlan: plans.deletePlan,
  getQuotas: plans.getQuotas,
  getBudget: budgets.getBudget,
  putBudget: budgets.putBudget,
  deleteBudget: budgets.deleteBudget,
  listAudit: audit.listAudit,
  exportAudit: audit.exportAudit,
  verifyAudit: audit.verifyAudit,
  listOrgAudit: audit.listOrgAudit,
  exportOrgAudit: audit.exportOrgAudit,
  verifyOrgAudit: audit.verifyOrgAudit,
  listDomains: domains.listDomains,
  claimDomain: domains.claimDomain,
  getDomain: domains.getDomain,
  verifyDomain: domains.verifyDomain,
  releaseDomain: domains.releaseDomain,
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
  listKvCollections: kv.listKvCollections,
  listKv: kv.listKv,
  getKv: kv.getKv,
  getKvBatch: kv.getKvBatch,
  putKv: kv.putKv,
  deleteKv: kv.deleteKv,
  writeKvBatch: kv.writeKvBatch,
  listDocsCollections: docs.listDocsCollections,
  queryDocs: docs.queryDocs,
  countDocs: docs.countDocs,
  insertDoc: docs.insertDoc,
  getDoc: docs.getDoc,
  putDoc: docs.putDoc,
  patchDoc: docs.patchDoc,
  deleteDoc: docs.deleteDoc,
  writeDocsBatch: docs.writeDocsBatch,
  listDocIndexes: docs.listDocIndexes,
  createDocIndex: docs.createDocIndex,
  deleteDocIndex: docs.deleteDocIndex,
  getCollection: collections.getCollection,
  deleteCollection: collections.deleteCollection,
  listSecrets: secrets.listSecrets,
  getSecret: secrets.getSecret,
  putSecret: secrets.putSecret,
  deleteSecret: secrets.deleteSecret,
  rewrapSecrets: secrets.rewrapSecrets,
  listTriggers: triggers.listTriggers,
  createTrigger: triggers.createTrigger,
  previewTrigger: triggers.previewTrigger,
  getTrigger: triggers.getTrigger,
  patchTrigger: triggers.patchTrigger,
  deleteTrigger: triggers.deleteTrigger,
  pauseTrigger: triggers.pauseTrigger,
  resumeTrigger: triggers.resumeTrigger,
  enableTrigger: triggers.enableTrigger,
  disableTrigger: triggers.disableTrigger,
  discardTrigger: triggers.discardTrigger,
  fireTrigger: triggers.fireTrigger,
  rotateTriggerSecret: triggers.rotateTriggerSecret,
  listTriggerHistory: triggers.listTriggerHistory,
  listDeliveries: deliveries.listDeliveries,
  getDelivery: deliveries.getDelivery,
  listDeadLetters: deliveries.listDeadLetters,
  getDeadLetter: deliveries.getDeadLetter,
  replayDeadLetter: deliveries.replayDeadLetter,
  discardDeadLetter: deliveries.discardDeadLetter,
  replayDeadLetters: deliveries.replayDeadLetters,
  discardDeadLetters: deliveries.discardDeadLetters,
  listQueues: queues.listQueues,
  sendToQueue: queues.sendToQueue,
  purgeQueue: queues.purgeQueue,
  publishToTopic: queues.publishToTopic,
  getUsage: usage.getUsage,
  listUsage: usage.listUsage,
} as const satisfies Record<string, Endpoint>;

export type Endpoints = typeof ENDPOINTS;
export type EndpointId = keyof Endpoints;

/** Where every endpoint lives. */
export const API_PREFIX = "/api/v1";
