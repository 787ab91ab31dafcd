import * as z from "zod";

import type { Page, PageRequest, ScriptSummary } from "../../contracts/doors.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { effectiveLimits, type SomeScriptLimits } from "../../contracts/script-limits.ts";
import type { Database } from "../database.ts";
import { decodeCursor, encodeCursor, pageSize } from "../pages.ts";
import { importsOf, usersOf } from "./nodes.ts";
import { refuseUsed, unpublishLink } from "./relink.ts";
import { getOrg, publish, storedSettings } from "./settings.ts";
import { refuseTargeted } from "./trigger-targets.ts";
import { removeVersion, summaryOfVersion, type VersionRow } from "./versions.ts";

export type ScriptRow = {
  id: string;
  name: string;
  description: string;
  limits: string;
  live_version_id: string;
  live_since: number;
  live_by: string;
  linked_hash: string | null;
  last_number: number;
  created_at: number;
  updated_at: number;
};

export interface ScriptPatch {
  description?: string | undefined;
  /** Changes to the limits; those that are not named stay. */
  limits?: SomeScriptLimits | undefined;
}

const positionSchema = z.object({ after: z.string() });

/** A script by id or by name; null when there is none. */
export function findScript(db: Database, idOrName: string): ScriptRow | null {
  return (
    db.find<ScriptRow>("SELECT * FROM scripts WHERE id = ?", idOrName) ??
    db.find<ScriptRow>("SELECT * FROM scripts WHERE name = ?", idOrName)
  );
}

/** A script by id or by name; throws `not_found`. */
export function getScript(db: Database, idOrName: string): ScriptRow {
  const script = findScript(db, idOrName);
  if (script === null) throw new PlatformError("not_found", `There is no script ${JSON.stringify(idOrName)}.`);
  return script;
}

/** The version that a script runs. */
export function liveVersion(db: Database, script: ScriptRow): VersionRow {
  const live = db.find<VersionRow>("SELECT * FROM versions WHERE id = ?", script.live_version_id);
  if (live === null) throw new Error(`The live version ${script.live_version_id} of ${script.id} is not there`);
  return live;
}

/** One page of scripts, by name. */
export function listScripts(db: Database, page: PageRequest): Page<ScriptSummary> {
  const after = decodeCursor(page.cursor, positionSchema)?.after ?? "";
  const size = pageSize(page);
  const rows = db.all<ScriptRow>("SELECT * FROM scripts WHERE name > ? ORDER BY name LIMIT ?", after, size + 1);
  const items = rows.slice(0, size).map((row) => summaryOfScript(db, row));
  const last = items.at(-1);
  return { items, cursor: rows.length > size && last ? encodeCursor({ after: last.name }) : null };
}

/** Changes a script's settings without a new version; the edges hear of it only where it concerns them. */
export function patchScript(db: Database, script: ScriptRow, patch: ScriptPatch, now: number): ScriptRow {
  const description = patch.description ?? script.description;
  const limits = JSON.stringify({ ...(JSON.parse(script.limits) as SomeScriptLimits), ...patch.limits });
  if (description === script.description && limits === script.limits) return script;
  const update = "UPDATE scripts SET description = ?, limits = ?, updated_at = ? WHERE id = ?";
  db.run(update, description, limits, now, script.id);
  if (limits !== script.limits) publish(db, now);
  return getScript(db, script.id);
}

/**
 * Removes a script with its versions, routes and secrets; false when there was none. Throws `conflict` with the users of
 * a module that others import, or with the triggers that start it.
 */
export function deleteScript(db: Database, idOrName: string, now: number): boolean {
  const script = findScript(db, idOrName);
  if (script === null) return false;
  refuseUsed(db, script.name);
  refuseTargeted(db, script);
  const versions = db.all<VersionRow>("SELECT * FROM versions WHERE script_id = ?", script.id);
  for (const version of versions) removeVersion(db, version, now);
  db.run("DELETE FROM routes WHERE script_id = ?", script.id);
  db.run("DELETE FROM secrets WHERE script_id = ?", script.id);
  db.run("DELETE FROM scripts WHERE id = ?", script.id);
  unpublishLink(db, script.linked_hash, now);
  publish(db, now);
  return true;
}

/** A script as callers see it. */
export function summaryOfScript(db: Database, script: ScriptRow): ScriptSummary {
  const live = liveVersion(db, script);
  return {
    id: script.id,
    name: script.name,
    kind: live.kind,
    description: script.description,
    live: summaryOfVersion(live, script),
    limits: effectiveLimits(JSON.parse(script.limits) as SomeScriptLimits, storedSettings(getOrg(db)).ceilings),
    imports: importsOf(db, live.id).map(({ module }) => module),
    usedBy: usersOf(db, script.name),
    createdAt: script.created_at,
    updatedAt: script.updated_at,
  };
}
