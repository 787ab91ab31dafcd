import { and, eq, inArray, sql } from "drizzle-orm";

import { API_PREFIX } from "../../../contracts/api/index.ts";
import type { Actor } from "../../../contracts/doors.ts";
import { PlatformError, platformErrorOf } from "../../../contracts/errors.ts";
import { ENROLMENT_LOOK_MS, ENROLMENT_WAIT_MS, MACHINE_HEARTBEAT_S } from "../../../contracts/limits.ts";
import { machineSecret } from "../../../contracts/machines.ts";
import type { OrgRow } from "../access.ts";
import { audit } from "../audit/write.ts";
import { machine, org, provision } from "../database/schema.ts";
import type { Scope } from "../scope.ts";
import { callBackSecret } from "./call-backs.ts";
import type { ExternalRecord } from "./drivers/external.ts";
import { hashOfEnrolmentToken, makeEnrolmentToken } from "./enrol-token.ts";
import { type MachineFacts, type MachineRow, moveMachine, publishMachine, takeEnrolment } from "./machines.ts";
import { addressOfMachine, type MachineAddress } from "./probe-address.ts";

/** States of a provision that is under way. */
const UNDER_WAY = ["running", "compensating"] as const;

/**
 * Makes the one-time token by which an org's machine registers itself; the one before is good no more. Throws `not_found`
 * where there is no machine, `conflict` where it is on its way out.
 */
export async function offerEnrolment(
  scope: Scope,
  { id: orgId, slug }: Pick<OrgRow, "id" | "slug">,
  actor: Actor,
): Promise<{ token: string; expiresAt: number; url: string }> {
  await machineIsMade(scope, orgId);
  const { token, ...stored } = await makeEnrolmentToken(Date.now());
  await scope.database.transaction(async (tx) => {
    const [row] = await tx.select().from(machine).where(eq(machine.orgId, orgId)).for("update");
    if (row === undefined) throw new PlatformError("not_found", "The org has no machine that could register itself.");
    if (row.state === "destroying") {
      throw new PlatformError("conflict", "The machine is being destroyed.", { state: row.state });
    }
    await tx.update(machine).set(stored).where(eq(machine.id, row.id));
    const details = { machine: row.id, expiresAt: stored.enrolmentExpiresAt.getTime() };
    await audit(tx, scope, { actor, action: "machine.enrolment", target: slug, orgId, details });
  });
  const url = new URL(`${API_PREFIX}/machines/enrol`, scope.env.PUBLIC_URL).href;
  return { token, expiresAt: stored.enrolmentExpiresAt.getTime(), url };
}

/** Whoever asked for a machine a moment ago need not ask again: its row comes with one of the provision's first steps. */
async function machineIsMade({ database }: Scope, orgId: string): Promise<void> {
  const until = Date.now() + ENROLMENT_WAIT_MS;
  while (Date.now() < until) {
    const [made] = await database.select({ id: machine.id }).from(machine).where(eq(machine.orgId, orgId));
    if (made !== undefined) return;
    const [coming] = await database
      .select({ id: provision.id })
      .from(provision)
      .where(and(eq(provision.orgId, orgId), eq(provision.state, "running")));
    if (coming === undefined) return;
    await scheduler.wait(ENROLMENT_LOOK_MS);
  }
}

/**
 * Registers a machine by its one-time token and hands it its secrets, which are of a version that nothing knew before.
 * Throws `unauthenticated` for a token that is not good (any more), `invalid` for an address where it cannot be, and
 * leaves the token good in that case.
 */
export async function enrolMachine(scope: Scope, { token, url }: { token: string; url?: string | undefined }) {
  const hash = await hashOfEnrolmentToken(token);
  const found = hash === null ? null : await holderOf(scope, hash);
  if (hash === null || found === null) throw notGood();
  const address = addressFor(scope, found.machine, url);
  // Before the token is spent: where it cannot be read now, the machine can come again.
  const environment = await environmentOf(scope, found.machine.orgId);
  const now = Date.now();
  const row = await scope.database.transaction(async (tx) => {
    const taken = await takeEnrolment(tx, hash, (row) => factsOf(row, address, now));
    if (taken === null) return null;
    const { id, orgId, provider, secretsVersion } = taken;
    // Its provision goes by the same facts, as long as it is under way.
    await tx
      .update(provision)
      .set({ enrolmentHash: null, enrolmentExpiresAt: null, secretsVersion, provider })
      .where(and(eq(provision.machineId, id), inArray(provision.state, [...UNDER_WAY])));
    const details = { machine: id, url: address?.origin ?? null, secretsVersion };
    const actor: Actor = { type: "platform", id, name: "Machine" };
    await audit(tx, scope, { actor, action: "machine.enrol", target: found.slug, orgId, details });
    return taken;
  });
  if (row === null) throw notGood();
  await publishMachine(scope, row.orgId);
  if (address !== null && !(await isUnderWay(scope, row.id))) await moveMachine(scope, row.id, "saw:started");
  return {
    machineId: row.id,
    org: found.slug,
    proxySecret: await machineSecret(scope.env.MACHINE_KEY, "proxy", row.id, row.secretsVersion),
    callBackSecret: await callBackSecret(scope.env.MACHINE_KEY, row.id, row.secretsVersion),
    heartbeat: { url: heartbeatUrl(scope, row.id), everySeconds: MACHINE_HEARTBEAT_S },
    environment,
  };
}

const heartbeatUrl = ({ env }: Scope, machineId: string): string =>
  new URL(`${API_PREFIX}/machines/${machineId}/heartbeat`, env.PUBLIC_URL).href;

async function holderOf({ database }: Scope, hash: string): Promise<{ machine: MachineRow; slug: string } | null> {
  const [found] = await database
    .select({ machine, slug: org.slug })
    .from(machine)
    .innerJoin(org, eq(org.id, machine.orgId))
    .where(and(eq(machine.enrolmentHash, hash), sql`${machine.enrolmentExpiresAt} > now()`));
  if (found === undefined) return null;
  if (found.machine.state === "destroying") {
    throw new PlatformError("conflict", "This machine is being destroyed. Stop it.", { state: "destroying" });
  }
  return found;
}

/** Only a machine of somebody's own says where it answers; of the others the provider does. */
function addressFor({ env }: Scope, { driver }: MachineRow, url: string | undefined): MachineAddress | null {
  const isOwn = driver === "external";
  if (isOwn === (url !== undefined)) return url === undefined ? null : addressOfMachine(env, url);
  const reason = isOwn
    ? "is needed: say where the machine answers"
    : "is not taken: its provider says where it answers";
  throw new PlatformError("invalid", `The machine cannot be registered: url ${reason}.`, {
    issues: [{ field: "url", reason }],
  });
}

function factsOf({ provider }: MachineRow, address: MachineAddress | null, now: number): MachineFacts {
  // What it was asked to sign with before is not its own any more.
  const fresh: MachineFacts = { heartbeatAt: new Date(now), lastCallBackId: null, probesFailed: 0, error: null };
  if (address === null) return fresh;
  const { stoppedAt: _, ...before } = provider as ExternalRecord;
  return { ...fresh, ...address, provider: { ...before, ...address, registeredAt: now }, health: "healthy" };
}

async function isUnderWay({ database }: Scope, machineId: string): Promise<boolean> {
  const rows = await database
    .select({ id: provision.id })
    .from(provision)
    .where(and(eq(provision.machineId, machineId), inArray(provision.state, [...UNDER_WAY])));
  return rows.length > 0;
}

const DATABASE_URL = "DATABASE_URL";

/** What else a machine is told: the org's own database, where it has one for all of its scripts. */
async function environmentOf({ state }: Scope, orgId: string): Promise<Record<string, string>> {
  try {
    const [url] = await state.readSecrets(orgId, "", [DATABASE_URL]);
    return url == null ? {} : { [DATABASE_URL]: url };
  } catch (error) {
    const code = platformErrorOf(error)?.code;
    if (code === "not_found" || code === "gone") return {};
    throw error;
  }
}

const notGood = (): PlatformError =>
  new PlatformError(
    "unauthenticated",
    "This token is not good, or not any more: it registers a machine once. Make another with `isola machines enrol`.",
  );
