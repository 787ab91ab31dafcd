import type { Actor, VersionInput } from "../../contracts/doors.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { newId } from "../../contracts/ids.ts";
import { SCRIPTS_PER_ORG_MAX } from "../../contracts/limits.ts";
import type { Database } from "../database.ts";
import { requireQuota } from "./quotas.ts";
import { relink } from "./relink.ts";
import { hasRoutes } from "./routes.ts";
import { getScript, liveVersion, patchScript, type ScriptRow, summaryOfScript } from "./scripts.ts";
import { publish } from "./settings.ts";
import { refuseTargetedModule } from "./trigger-targets.ts";
import { findVersion, insertVersion, pruneVersions, unknownVersion } from "./versions.ts";

const NOT_SAVED = "The script was not saved";

export interface Save {
  actor: Actor;
  input: VersionInput;
  /** Of the input, from `fingerprintOf`. */
  fingerprint: string;
}

/**
 * Makes a version of an upload and makes it live, with the script where there is none yet. What is
 * live already is left as it is, but for the script's settings. Throws `conflict` for a name that is
 * taken, `invalid` beyond a bound. Returns the script and whether it is new.
 */
export function saveScript(db: Database, save: Save, now: number): { script: ScriptRow; created: boolean } {
  const existing = findByName(db, save.input);
  if (existing === null) return { script: createScript(db, save, now), created: true };
  const { description, limits } = save.input;
  const patch = { description: description ?? undefined, limits };
  const script = patchScript(db, existing, patch, now);
  if (liveVersion(db, script).fingerprint === save.fingerprint) return { script, created: false };
  refuseStartedModule(db, script, save.input.kind);
  const number = script.last_number + 1;
  const versionId = insertVersion(db, { ...save, scriptId: script.id, number, author: save.actor }, now);
  db.run("UPDATE scripts SET last_number = ? WHERE id = ?", number, script.id);
  const live = { scriptId: script.id, versionId, actor: save.actor, what: NOT_SAVED };
  return { script: makeLive(db, live, now), created: false };
}

/**
 * Makes an earlier version live again, by number or id, with its modules as they are now. Throws `not_found` when the
 * script or the version is not there, `gone` for one that is no longer kept, and as `relink` does.
 */
export function rollBack(
  db: Database,
  input: { actor: Actor; script: string; version: string },
  now: number,
): ScriptRow {
  const script = getScript(db, input.script);
  const version = findVersion(db, script.id, input.version);
  if (version === null) throw unknownVersion(script, input.version);
  if (version.id === script.live_version_id) return script;
  refuseStartedModule(db, script, version.kind);
  const what = `Version ${version.number} of "${script.name}" was not made live`;
  const live = { scriptId: script.id, versionId: version.id, actor: input.actor, what };
  return makeLive(db, live, now);
}

/** The script that an upload names, by name only: an id names nothing new. Throws `conflict` where it must not be there. */
function findByName(db: Database, input: VersionInput): ScriptRow | null {
  const existing = db.find<ScriptRow>("SELECT * FROM scripts WHERE name = ?", input.name);
  if (existing === null || input.mode === "replace") return existing;
  throw new PlatformError(
    "conflict",
    `There is a script "${input.name}" already. Save a new version of it, or choose another name.`,
    { script: summaryOfScript(db, existing) },
  );
}

function createScript(db: Database, save: Save, now: number): ScriptRow {
  const usage = db.find<{ count: number }>("SELECT count(*) AS count FROM scripts")?.count ?? 0;
  if (usage >= SCRIPTS_PER_ORG_MAX) {
    throw new PlatformError("invalid", `An org has at most ${SCRIPTS_PER_ORG_MAX} scripts. Delete one first.`, {
      limit: SCRIPTS_PER_ORG_MAX,
      usage,
    });
  }
  requireQuota(db, "scripts", usage);
  const { input, actor } = save;
  const id = newId("script");
  const versionId = insertVersion(db, { ...save, scriptId: id, number: 1, author: actor }, now);
  db.run(
    `INSERT INTO scripts
       (id, name, description, limits, live_version_id, live_since, live_by, last_number, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?)`,
    id,
    input.name,
    input.description ?? "",
    JSON.stringify(input.limits),
    versionId,
    now,
    JSON.stringify(actor),
    now,
    now,
  );
  relink(db, { name: input.name, what: NOT_SAVED }, now);
  publish(db, now);
  return getScript(db, id);
}

interface Live {
  scriptId: string;
  versionId: string;
  actor: Actor;
  /** What a refusal says was not done. */
  what: string;
}

function makeLive(db: Database, input: Live, now: number): ScriptRow {
  db.run(
    "UPDATE scripts SET live_version_id = ?, live_since = ?, live_by = ?, updated_at = ? WHERE id = ?",
    input.versionId,
    now,
    JSON.stringify(input.actor),
    now,
    input.scriptId,
  );
  const script = getScript(db, input.scriptId);
  relink(db, { ...input, name: script.name }, now);
  pruneVersions(db, input.scriptId, now);
  publish(db, now);
  return getScript(db, input.scriptId);
}

function refuseStartedModule(db: Database, script: ScriptRow, kind: "endpoint" | "module"): void {
  if (kind === "endpoint") return;
  refuseTargetedModule(db, script);
  if (!hasRoutes(db, script.id)) return;
  throw new PlatformError(
    "invalid",
    `The script "${script.name}" has routes, and a module answers no requests. Delete its routes first.`,
    { issues: [{ field: "kind", reason: "must be endpoint while the script has routes" }] },
  );
}
