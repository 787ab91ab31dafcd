import type { VersionSummary } from "../../contracts/doors.ts";
import type { Database } from "../database.ts";
import { findPart } from "./content.ts";
import { findScript } from "./scripts.ts";
import { findVersion, summaryOfVersion } from "./versions.ts";

/** A version with its files as they were uploaded. */
export interface VersionFiles {
  version: VersionSummary;
  main: string;
  files: Record<string, string>;
}

/** The files of a version, by number or id, null for the live one. Null when the script or the version is not there. */
export function findVersionFiles(db: Database, idOrName: string, version: string | null): VersionFiles | null {
  const script = findScript(db, idOrName);
  if (script === null) return null;
  const row = findVersion(db, script.id, version ?? script.live_version_id);
  const text = row === null ? null : findPart(db, row.id, "files");
  if (row === null || text === null) return null;
  return {
    version: summaryOfVersion(row, script.live_version_id),
    main: row.main,
    files: JSON.parse(text) as Record<string, string>,
  };
}
