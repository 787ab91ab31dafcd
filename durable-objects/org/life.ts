import { PlatformError } from "../../contracts/errors.ts";
import type { ProjectedMachine } from "../../contracts/machines.ts";
import { type OrgState, projectionKey } from "../../contracts/projection.ts";
import type { Database } from "../database.ts";
import { enqueue, isEmpty, wakeAll } from "../outbox/rows.ts";
import { publishDomains } from "./domains.ts";
import { reconfigureDispatcher } from "./reconfigure.ts";
import { findOpenOrg, findOrg, getOrg, publish } from "./settings.ts";

/**
 * Makes the org known under its slug, in this state, where it is not known yet; one that is known keeps what it has.
 * Throws `gone` for a destroyed org.
 */
export function openOrg(db: Database, input: { orgId: string; slug: string; state: OrgState }, now: number): void {
  const org = findOrg(db);
  if (db.erasedAt !== null || org?.state === "destroyed") {
    throw new PlatformError("gone", "This org was deleted. Create a new one.");
  }
  if (org !== null) {
    again(db, now);
    return;
  }
  db.create(now);
  const insert = "INSERT INTO org (only, org_id, slug, state, revision) VALUES (1, ?, ?, ?, 0)";
  db.run(insert, input.orgId, input.slug, input.state);
  publish(db, now);
}

/** Sets what the org's hosts answer, and whether its events rest. An org that is not there need not be stopped. */
export function setOrgState(db: Database, state: OrgState, now: number): void {
  if (state === "destroying" && findOpenOrg(db) === null) return;
  if (getOrg(db).state === state) {
    again(db, now);
    return;
  }
  db.run("UPDATE org SET state = ?", state);
  reconfigureDispatcher(db, now);
  publish(db, now);
}

/** Sets the machine that the org's requests go to; null for its scripts. */
export function setMachine(db: Database, machine: ProjectedMachine | null, now: number): void {
  const text = machine === null ? null : JSON.stringify(machine);
  if (getOrg(db).machine === text) {
    again(db, now);
    return;
  }
  db.run("UPDATE org SET machine = ?", text);
  publish(db, now);
}

/**
 * Gives the org another slug. The one before leads to it until then (epoch milliseconds), as those before that do; one
 * that it takes back leads nowhere any more.
 */
export function renameOrg(db: Database, slug: string, redirectUntil: number, now: number): void {
  const before = getOrg(db).slug;
  if (before === slug) {
    again(db, now);
    return;
  }
  db.run("UPDATE org SET slug = ?", slug);
  db.run("DELETE FROM redirects WHERE slug = ? OR until <= ?", slug, now);
  db.run("INSERT OR REPLACE INTO redirects (slug, until) VALUES (?, ?)", before, redirectUntil);
  for (const redirect of db.all<{ slug: string }>("SELECT slug FROM redirects")) {
    enqueue(db, { key: projectionKey(redirect.slug), operation: "put_redirect" }, now);
  }
  publishDomains(db, now);
  reconfigureDispatcher(db, now);
  publish(db, now);
}

/** What is asked once more has nothing to change, but what has still to leave may be due again. */
function again(db: Database, now: number): void {
  if (!isEmpty(db)) wakeAll(db, now);
}
