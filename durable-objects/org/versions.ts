import * as z from "zod";

import type { Actor, Page, PageRequest, VersionInput, VersionSummary } from "../../contracts/doors.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { newId } from "../../contracts/ids.ts";
import { VERSIONS_PER_SCRIPT_MAX } from "../../contracts/limits.ts";
import { codeKey } from "../../contracts/projection.ts";
import type { Database } from "../database.ts";
import { enqueue } from "../outbox/rows.ts";
import { decodeCursor, encodeCursor, pageSize } from "../pages.ts";
import { writePart } from "./content.ts";
import { getOrg } from "./settings.ts";

export type VersionRow = {
  id: string;
  script_id: string;
  number: number;
  kind: "endpoint" | "module";
  main: string;
  hash: string;
  fingerprint: string;
  size_bytes: number;
  message: string;
  author: string;
  created_at: number;
  exports: string | null;
};

/** Which version of a script is live, since when and by whom. */
export type Liveness = { live_version_id: string; live_since: number; live_by: string };

const NUMBER = /^[1-9][0-9]{0,8}$/;
const positionSchema = z.object({ below: z.number().int() });

/** Stores a new version with its content and queues its code for KV, where it stands by itself. */
export function insertVersion(
  db: Database,
  version: { scriptId: string; number: number; author: Actor; fingerprint: string; input: VersionInput },
  now: number,
): string {
  const { input } = version;
  const id = newId("version");
  db.run(
    `INSERT INTO versions
       (id, script_id, number, kind, main, hash, fingerprint, size_bytes, message, author, created_at, exports)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    version.scriptId,
    version.number,
    input.kind,
    input.code.main,
    input.hash,
    version.fingerprint,
    input.sizeBytes,
    input.message,
    JSON.stringify(version.author),
    now,
    input.exports === null ? null : JSON.stringify(input.exports),
  );
  for (const { module, names } of input.imports) {
    db.run("INSERT INTO imports (version_id, module, names) VALUES (?, ?, ?)", id, module, JSON.stringify(names));
  }
  writePart(db, id, "files", JSON.stringify(input.files));
  writePart(db, id, "code", JSON.stringify(input.code));
  if (input.sourceMap !== null) writePart(db, id, "source_map", input.sourceMap);
  // With modules it is of no use by itself; what they make together is published when it is live.
  if (input.imports.length === 0) {
    const key = codeKey(getOrg(db).org_id, input.hash);
    enqueue(db, { key, operation: "put_code", versionId: id }, now);
  }
  return id;
}

/** A version of a script by number or id; null when the script has no such version. */
export function findVersion(db: Database, scriptId: string, version: string): VersionRow | null {
  const column = NUMBER.test(version) ? "number" : "id";
  const value = column === "number" ? Number(version) : version;
  return db.find<VersionRow>(`SELECT * FROM versions WHERE script_id = ? AND ${column} = ?`, scriptId, value);
}

/** The refusal of a version that a script does not have: `gone` for one that it had, `not_found` otherwise. */
export function unknownVersion(script: { name: string; last_number: number }, version: string): PlatformError {
  if (NUMBER.test(version) && Number(version) <= script.last_number) {
    const kept = `A script keeps its newest ${VERSIONS_PER_SCRIPT_MAX} versions and the live one.`;
    return new PlatformError("gone", `Version ${version} of "${script.name}" is no longer kept. ${kept}`);
  }
  const what = `There is no version ${JSON.stringify(version)} of the script "${script.name}".`;
  return new PlatformError("not_found", `${what} List its versions to see which are kept.`);
}

/** One page of a script's versions, newest first. */
export function listVersions(db: Database, script: Liveness & { id: string }, page: PageRequest): Page<VersionSummary> {
  const below = decodeCursor(page.cursor, positionSchema)?.below ?? Number.MAX_SAFE_INTEGER;
  const size = pageSize(page);
  const query = "SELECT * FROM versions WHERE script_id = ? AND number < ? ORDER BY number DESC LIMIT ?";
  const rows = db.all<VersionRow>(query, script.id, below, size + 1);
  const items = rows.slice(0, size).map((row) => summaryOfVersion(row, script));
  const last = items.at(-1);
  return { items, cursor: rows.length > size && last ? encodeCursor({ below: last.number }) : null };
}

/** Removes the oldest versions beyond the bound; the live one always stays. */
export function pruneVersions(db: Database, scriptId: string, now: number): void {
  const surplus = db.all<VersionRow>(
    `SELECT versions.* FROM versions JOIN scripts ON scripts.id = script_id
     WHERE script_id = ? AND versions.id <> live_version_id ORDER BY number DESC LIMIT -1 OFFSET ?`,
    scriptId,
    VERSIONS_PER_SCRIPT_MAX - 1,
  );
  for (const row of surplus) removeVersion(db, row, now);
}

/** Removes a version with its content, and its code from KV unless another version has the same. */
export function removeVersion(db: Database, row: VersionRow, now: number): void {
  db.run("DELETE FROM contents WHERE version_id = ?", row.id);
  db.run("DELETE FROM imports WHERE version_id = ?", row.id);
  db.run("DELETE FROM versions WHERE id = ?", row.id);
  const key = codeKey(getOrg(db).org_id, row.hash);
  const heir = db.find<{ id: string }>("SELECT id FROM versions WHERE hash = ? LIMIT 1", row.hash);
  if (heir === null) enqueue(db, { key, operation: "delete_code" }, now);
  else db.run("UPDATE outbox SET version_id = ? WHERE key = ? AND operation = 'put_code'", heir.id, key);
}

/** A version as callers see it. */
export function summaryOfVersion(row: VersionRow, script: Liveness): VersionSummary {
  const live = row.id === script.live_version_id;
  return {
    id: row.id,
    number: row.number,
    hash: row.hash,
    sizeBytes: row.size_bytes,
    message: row.message,
    author: JSON.parse(row.author) as Actor,
    createdAt: row.created_at,
    live,
    liveSince: live ? script.live_since : null,
    liveBy: live ? (JSON.parse(script.live_by) as Actor) : null,
  };
}
