import type { SettingsPatch, StoredSettings } from "../../contracts/doors.ts";
import { PlatformError } from "../../contracts/errors.ts";
import type { Quotas } from "../../contracts/plans.ts";
import { DEFAULT_ORG_SETTINGS, type OrgState, projectionKey } from "../../contracts/projection.ts";
import type { Database } from "../database.ts";
import { enqueue, wakeAll } from "../outbox/rows.ts";

/** The org as its own object knows it. `destroyed` means that nothing may ever be published again. */
export type OrgRow = {
  org_id: string;
  slug: string;
  state: OrgState | "destroyed";
  revision: number;
  settings: string;
  /** JSON text of the machine that its requests go to; null where its scripts answer. */
  machine: string | null;
};

/** An org that is not destroyed. */
export type OpenOrg = OrgRow & { state: OrgState };

/** The org, or null when it was never opened or is erased; an org whose removal goes on is still found. */
export function findOrg(db: Database): OrgRow | null {
  return db.exists ? db.find<OrgRow>("SELECT org_id, slug, state, revision, settings, machine FROM org") : null;
}

/** The org unless it is destroyed; null when there is none. */
export function findOpenOrg(db: Database): OpenOrg | null {
  const org = findOrg(db);
  return org === null || org.state === "destroyed" ? null : { ...org, state: org.state };
}

/** The org's settings; what nobody has set is as it is for every org. */
export function storedSettings(org: Pick<OrgRow, "settings">): StoredSettings {
  return {
    ...DEFAULT_ORG_SETTINGS,
    ceilings: {},
    quotas: {},
    ...(JSON.parse(org.settings) as Partial<StoredSettings>),
  };
}

/** Key of the outbox row by which the Log hears how long executions are kept. */
const LOG_KEY = "log";
const DAY_MS = 24 * 60 * 60 * 1000;

/** How long the executions of an org are kept by its plan, in milliseconds; null where the plan does not say. */
export function retentionMs({ retentionDays }: Quotas): number | null {
  return retentionDays === undefined ? null : retentionDays * DAY_MS;
}

/** Changes what the patch names, and publishes when that changed anything. */
export function changeSettings(
  db: Database,
  patch: SettingsPatch,
  now: number,
): { before: StoredSettings; after: StoredSettings } {
  const before = storedSettings(getOrg(db));
  const { egress, concurrencyMax, ceilings, quotas, budget } = patch;
  const { budget: budgetBefore, ...rest } = before;
  const after: StoredSettings = {
    ...rest,
    concurrencyMax: concurrencyMax ?? before.concurrencyMax,
    egress: { allow: egress?.allow ?? before.egress.allow, deny: egress?.deny ?? before.egress.deny },
    ceilings: ceilings ?? before.ceilings,
    quotas: quotas ?? before.quotas,
    ...budgetAfter(budgetBefore, budget),
  };
  const text = JSON.stringify(after);
  if (text !== JSON.stringify(before)) {
    db.run("UPDATE org SET settings = ?", text);
    if (retentionMs(after.quotas) !== retentionMs(before.quotas)) {
      enqueue(db, { key: LOG_KEY, operation: "configure_log" }, now);
    }
    publish(db, now);
  }
  return { before, after };
}

/** One that nobody mentions stays, and null is none. */
function budgetAfter(before: StoredSettings["budget"], patch: SettingsPatch["budget"]): Pick<StoredSettings, "budget"> {
  const budget = patch === undefined ? before : patch;
  return budget === undefined || budget === null ? {} : { budget };
}

/** The org; throws `not_found` when there is none. */
export function getOrg(db: Database): OpenOrg {
  const org = findOpenOrg(db);
  if (org === null) throw new PlatformError("not_found", "There is no such org.");
  return org;
}

/** Ends every change that the edges must see, in its transaction: a new revision, to be published. */
export function publish(db: Database, now: number): void {
  db.run("UPDATE org SET revision = revision + 1");
  enqueue(db, { key: projectionKey(getOrg(db).slug), operation: "put_projection" }, now);
  wakeAll(db, now);
}
