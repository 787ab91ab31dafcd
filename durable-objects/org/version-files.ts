import type { VersionFiles, VersionName, VersionSource } from "../../contracts/doors.ts";
import type { Database } from "../database.ts";
import { findPart } from "./content.ts";
import { findScript, getScript, type ScriptRow } from "./scripts.ts";
import { findVersion, summaryOfVersion, unknownVersion, type VersionRow } from "./versions.ts";

/** The files of a version, by number or id, null for the live one. Null when the script or the version is not there. */
export function findVersionFiles(db: Database, idOrName: string, version: string | null): VersionFiles | null {
  const script = findScript(db, idOrName);
  const row = script === null ? null : findVersion(db, script.id, version ?? script.live_version_id);
  return script === null || row === null ? null : filesOf(db, script, row);
}

/**
 * Two versions to compare, by number or id: null is the live one for `to`, and for `from` the newest before `to`. Throws
 * `not_found` or `gone` for what is not there.
 */
export function versionPair(
  db: Database,
  idOrName: string,
  versions: { from: string | null; to: string | null },
): { from: VersionFiles | null; to: VersionFiles } {
  const script = getScript(db, idOrName);
  const to = getVersion(db, script, versions.to ?? script.live_version_id);
  const before = "SELECT * FROM versions WHERE script_id = ? AND number < ? ORDER BY number DESC LIMIT 1";
  const from =
    versions.from === null ? db.find<VersionRow>(before, script.id, to.number) : getVersion(db, script, versions.from);
  return { from: from === null ? null : filesOf(db, script, from), to: filesOf(db, script, to) };
}

/** What reads the frames of a version's stacks; null when there is no such version. */
export function findVersionSource(db: Database, version: VersionName): VersionSource | null {
  const row =
    "id" in version
      ? db.find<VersionRow>("SELECT * FROM versions WHERE id = ?", version.id)
      : db.find<VersionRow>(
          "SELECT versions.* FROM versions JOIN scripts ON scripts.id = script_id WHERE name = ? AND number = ?",
          version.script,
          version.number,
        );
  return row === null ? null : { main: row.main, map: findPart(db, row.id, "source_map") };
}

function getVersion(db: Database, script: ScriptRow, version: string): VersionRow {
  const row = findVersion(db, script.id, version);
  if (row === null) throw unknownVersion(script, version);
  return row;
}

function filesOf(db: Database, script: ScriptRow, row: VersionRow): VersionFiles {
  const files = JSON.parse(findPart(db, row.id, "files") ?? "{}") as Record<string, string>;
  return { version: summaryOfVersion(row, script), main: row.main, files };
}
