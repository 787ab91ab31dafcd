import type { Command } from "../framework/command.ts";
import { clearBudget } from "./budget/clear.ts";
import { getBudget } from "./budget/get.ts";
import { setBudget } from "./budget/set.ts";
import { completionOf } from "./completion.ts";
import { discardDeadLetter } from "./dead-letters/discard.ts";
import { getDeadLetter } from "./dead-letters/get.ts";
import { listDeadLetters } from "./dead-letters/list.ts";
import { replayDeadLetter } from "./dead-letters/replay.ts";
import { createDatabase, deleteDatabase, getDatabase } from "./databases/databases.ts";
import { getDelivery } from "./deliveries/get.ts";
import { listDeliveries } from "./deliveries/list.ts";
import { deploy } from "./deploy.ts";
import { dev } from "./dev.ts";
import { listDocsCollections } from "./docs/collections.ts";
import { claimDomain, getDomain, listDomains, releaseDomain, verifyDomain } from "./domains/domains.ts";
import { countDocs } from "./docs/count.ts";
import { deleteDoc } from "./docs/delete.ts";
import { dropDocs } from "./docs/drop.ts";
import { findDocs } from "./docs/find.ts";
import { getDoc } from "./docs/get.ts";
import { createDocIndex } from "./docs/index-create.ts";
import { deleteDocIndex } from "./docs/index-delete.ts";
import { listDocIndexes } from "./docs/indexes.ts";
import { insertDoc } from "./docs/insert.ts";
import { putDoc } from "./docs/put.ts";
import { docsStats } from "./docs/stats.ts";
import { updateDoc } from "./docs/update.ts";
import { curlExecution } from "./executions/curl.ts";
import { getExecution } from "./executions/get.ts";
import { listExecutions } from "./executions/list.ts";
import { replayExecution } from "./executions/replay.ts";
import { invoke } from "./invoke.ts";
import { createKey } from "./keys/create.ts";
import { listKeys } from "./keys/list.ts";
import { revokeKey } from "./keys/revoke.ts";
import { listKvCollections } from "./kv/collections.ts";
import { deleteKv } from "./kv/delete.ts";
import { dropKv } from "./kv/drop.ts";
import { getKv } from "./kv/get.ts";
import { listKv } from "./kv/list.ts";
import { setKv } from "./kv/set.ts";
import { kvStats } from "./kv/stats.ts";
import { login } from "./login.ts";
import { logout } from "./logout.ts";
import { logs } from "./logs.ts";
import { createMachine } from "./machines/create.ts";
import { reconcileMachines, sweepMachines } from "./machines/care.ts";
import { deleteMachine } from "./machines/delete.ts";
import { listDrivers } from "./machines/drivers.ts";
import { enrolMachine } from "./machines/enrol.ts";
import { getMachine } from "./machines/get.ts";
import { listMachines } from "./machines/list.ts";
import { machineLogs } from "./machines/logs.ts";
import { restartMachine, retryMachine, startMachine, stopMachine } from "./machines/states.ts";
import { createOrg } from "./orgs/create.ts";
import { deleteOrg } from "./orgs/delete.ts";
import { getOrg } from "./orgs/get.ts";
import { renameOrg, resumeOrg, suspendOrg } from "./orgs/life.ts";
import { listOrgs } from "./orgs/list.ts";
import { setOrg } from "./orgs/set.ts";
import { listQueues } from "./queues/list.ts";
import { purgeQueue } from "./queues/purge.ts";
import { sendToQueue } from "./queues/send.ts";
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
import { deleteSecret } from "./secrets/delete.ts";
import { listSecrets } from "./secrets/list.ts";
import { rewrapSecrets } from "./secrets/rewrap.ts";
import { setSecret } from "./secrets/set.ts";
import { publishToTopic } from "./topics/publish.ts";
import { createTrigger } from "./triggers/create.ts";
import { deleteTrigger } from "./triggers/delete.ts";
import { discardTrigger } from "./triggers/discard.ts";
import { fireTrigger } from "./triggers/fire.ts";
import { getTrigger } from "./triggers/get.ts";
import { listTriggerHistory } from "./triggers/history.ts";
import { listTriggers } from "./triggers/list.ts";
import { previewTrigger } from "./triggers/preview.ts";
import { rotateTriggerSecret } from "./triggers/rotate-secret.ts";
import { pauseTrigger, resumeTrigger, enableTrigger, disableTrigger } from "./triggers/states.ts";
import { updateTrigger } from "./triggers/update.ts";
import { exportAudit } from "./audit/export.ts";
import { listAudit } from "./audit/list.ts";
import { verifyAudit } from "./audit/verify.ts";
import { listInvitations } from "./invitations/list.ts";
import { resendInvitation } from "./invitations/resend.ts";
import { revokeInvitation } from "./invitations/revoke.ts";
import { updateKey } from "./keys/update.ts";
import { inviteMember } from "./members/invite.ts";
import { leaveOrg } from "./members/leave.ts";
import { listMembers } from "./members/list.ts";
import { removeMember } from "./members/remove.ts";
import { setMemberRole } from "./members/set-role.ts";
import { open } from "./open.ts";
import { createPartnerKey, listPartnerKeys, revokePartnerKey } from "./partners/keys.ts";
import { activatePartner, createPartner, deactivatePartner, listPartners } from "./partners/partners.ts";
import { deletePlan, listPlans, setPlan } from "./plans/plans.ts";
import { rotateSigningKeys } from "./platform/signing-keys.ts";
import { getPlatformSettings, setPlatformSettings } from "./platform/settings.ts";
import { quotas } from "./quotas.ts";
import { listSessions, revokeSession, revokeSessions } from "./sessions/sessions.ts";
import { activateUser, deactivateUser, setUserRole, signOutUser } from "./users/change.ts";
import { getUser } from "./users/get.ts";
import { inviteUser } from "./users/invite.ts";
import { listUsers } from "./users/list.ts";
import { types } from "./types.ts";
import { usage } from "./usage.ts";
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
  open,
  quotas,
  usage,
  types,
  version,
  completionOf(() => COMMANDS),
  listOrgs,
  createOrg,
  getOrg,
  setOrg,
  suspendOrg,
  resumeOrg,
  renameOrg,
  deleteOrg,
  listMachines,
  listDrivers,
  createMachine,
  getMachine,
  startMachine,
  stopMachine,
  restartMachine,
  retryMachine,
  machineLogs,
  enrolMachine,
  deleteMachine,
  sweepMachines,
  reconcileMachines,
  listDomains,
  claimDomain,
  getDomain,
  verifyDomain,
  releaseDomain,
  getDatabase,
  createDatabase,
  deleteDatabase,
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
  listKvCollections,
  kvStats,
  listKv,
  getKv,
  setKv,
  deleteKv,
  dropKv,
  listDocsCollections,
  docsStats,
  findDocs,
  countDocs,
  getDoc,
  insertDoc,
  putDoc,
  updateDoc,
  deleteDoc,
  listDocIndexes,
  createDocIndex,
  deleteDocIndex,
  dropDocs,
  listSecrets,
  setSecret,
  deleteSecret,
  rewrapSecrets,
  listTriggers,
  createTrigger,
  getTrigger,
  updateTrigger,
  pauseTrigger,
  resumeTrigger,
  enableTrigger,
  disableTrigger,
  fireTrigger,
  listTriggerHistory,
  previewTrigger,
  rotateTriggerSecret,
  discardTrigger,
  deleteTrigger,
  listDeliveries,
  getDelivery,
  listDeadLetters,
  getDeadLetter,
  replayDeadLetter,
  discardDeadLetter,
  listQueues,
  sendToQueue,
  purgeQueue,
  publishToTopic,
  listKeys,
  createKey,
  updateKey,
  revokeKey,
  listSessions,
  revokeSession,
  revokeSessions,
  listMembers,
  inviteMember,
  setMemberRole,
  removeMember,
  leaveOrg,
  listInvitations,
  resendInvitation,
  revokeInvitation,
  listAudit,
  exportAudit,
  verifyAudit,
  listUsers,
  getUser,
  inviteUser,
  setUserRole,
  deactivateUser,
  activateUser,
  signOutUser,
  listPartners,
  createPartner,
  deactivatePartner,
  activatePartner,
  listPartnerKeys,
  createPartnerKey,
  revokePartnerKey,
  getBudget,
  setBudget,
  clearBudget,
  listPlans,
  setPlan,
  deletePlan,
  getPlatformSettings,
  setPlatformSettings,
  rotateSigningKeys,
];
