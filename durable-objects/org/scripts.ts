import * as z from "zod";

import type { Page, PageRequest, ScriptSummary } from "../../contracts/doors.ts";
import { PlatformError } from "../../contracts/errors.ts";
import type { Database } from "../database.ts";
import { decodeCursor, encodeCursor, pageSize } from "../pages.ts";
import { publish } from "./settings.ts";
import { removeVersion, summaryOfVersion, type VersionRow } from "./versions.ts";

export type ScriptRow = {
  id: string;
  name: string;
  description: string;
  wall_clock_ms: number;
  live_version_id: string;
  last_number: number;
  created_at: number;
  updated_at: number;
};

export interface ScriptPatch {
  description?: string | undefined;
  wallClockMs?: number | undefined;
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
  const wallClockMs = patch.wallClockMs ?? script.wall_clock_ms;
  if (description === script.description && wallClockMs === script.wall_clock_ms) return script;
  const update = "UPDATE scripts SET description = ?, wall_clock_ms = ?, updated_at = ? WHERE id = ?";
  db.run(update, description, wallClockMs, now, script.id);
  if (wallClockMs !== script.wall_clock_ms) publish(db, now);
  return getScript(db, script.id);
}

/** Removes a script with its versions and routes; false when there was none. */
export function deleteScript(db: Database, idOrName: string, now: number): boolean {
  const script = findScript(db, idOrName);
  if (script === null) return false;
  const versions = db.all<VersionRow>("SELECT * FROM versions WHERE script_id = ?", script.id);
  for (const version of versions) removeVersion(db, version, now);
  db.run("DELETE FROM routes WHERE script_id = ?", script.id);
  db.run("DELETE FROM scripts WHERE id = ?", script.id);
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
    live: summaryOfVersion(live, live.id),
    wallClockMs: script.wall_clock_ms,
    createdAt: script.created_at,
    updatedAt: script.updated_at,
  };
}
