import type { ModuleExports, ModuleImport } from "../../contracts/doors.ts";
import type { Database } from "../database.ts";
import { type Exports, Graph, type Node } from "./graph.ts";
import type { VersionRow } from "./versions.ts";

type LiveRow = VersionRow & { name: string };

/** How the live scripts of an org depend on one another, as the database has it now. */
export function graphOf(db: Database): Graph {
  return new Graph({
    find: (name) => {
      const query =
        "SELECT versions.*, name FROM scripts JOIN versions ON versions.id = live_version_id WHERE name = ?";
      const row = db.find<LiveRow>(query, name);
      return row === null ? null : nodeOf(db, row.name, row);
    },
    usersOf: (name) => usersOf(db, name),
  });
}

/** A version of a script as it would be live. */
export function nodeOf(db: Database, name: string, version: VersionRow): Node {
  return {
    name,
    kind: version.kind,
    versionId: version.id,
    number: version.number,
    hash: version.hash,
    main: version.main,
    imports: importsOf(db, version.id),
    exports: version.exports === null ? null : exportsOf(version.exports),
  };
}

function exportsOf(text: string): Exports {
  const { names, stars, open } = JSON.parse(text) as ModuleExports;
  return { names: new Set(names), stars, open };
}

/** What a version takes from modules, by the module's name. */
export function importsOf(db: Database, versionId: string): ModuleImport[] {
  const query = "SELECT module, names FROM imports WHERE version_id = ? ORDER BY module";
  const rows = db.all<{ module: string; names: string }>(query, versionId);
  return rows.map(({ module, names }) => ({ module, names: JSON.parse(names) as string[] }));
}

/** Names of the scripts whose live versions import a module. */
export function usersOf(db: Database, module: string): string[] {
  const query = `SELECT name FROM imports JOIN scripts ON live_version_id = version_id WHERE module = ? ORDER BY name`;
  return db.all<{ name: string }>(query, module).map(({ name }) => name);
}
