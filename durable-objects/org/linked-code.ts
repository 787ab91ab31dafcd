import type { VersionCode } from "../../contracts/projection.ts";
import type { Database } from "../database.ts";
import { findPart } from "./content.ts";
import type { Graph, Node } from "./graph.ts";
import { linkCode, type Part } from "./link.ts";
import { graphOf, nodeOf } from "./nodes.ts";
import type { VersionRow } from "./versions.ts";

/**
 * The code of a version with that of the modules it depends on, as these are now. Null when there is no such version,
 * when its modules are not there, or when it is not the one that a hash names.
 */
export function findVersionCode(db: Database, versionId: string, hash?: string): VersionCode | null {
  const query = "SELECT versions.*, name FROM versions JOIN scripts ON scripts.id = script_id WHERE versions.id = ?";
  const version = db.find<VersionRow & { name: string }>(query, versionId);
  if (version === null) return null;
  const graph = graphOf(db);
  const node = nodeOf(db, version.name, version);
  if (hash !== undefined && hash !== graph.linkedHash(node)) return null;
  return codeOf(db, graph, node);
}

/** The code that is live under a linked hash; null when none is any more. */
export function findLinkedCode(db: Database, linkedHash: string): VersionCode | null {
  const query = "SELECT live_version_id AS id FROM scripts WHERE linked_hash = ? LIMIT 1";
  const live = db.find<{ id: string }>(query, linkedHash);
  return live === null ? null : findVersionCode(db, live.id, linkedHash);
}

function codeOf(db: Database, graph: Graph, node: Node): VersionCode | null {
  const own = partOf(db, node);
  if (own === null || node.imports.length === 0) return own?.code ?? null;
  const modules: Part[] = [];
  for (const module of graph.modulesOf(node)) {
    const part = module.kind === "module" ? partOf(db, module) : null;
    if (part === null) return null;
    modules.push(part);
  }
  const there = new Set(modules.map(({ name }) => name));
  const whole = [own, ...modules].every(({ imports }) => imports.every((name) => there.has(name)));
  return whole ? linkCode(own, modules) : null;
}

function partOf(db: Database, node: Node): Part | null {
  const text = findPart(db, node.versionId, "code");
  if (text === null) return null;
  return {
    name: node.name,
    number: node.number,
    code: JSON.parse(text) as VersionCode,
    imports: node.imports.map(({ module }) => module),
    givesDefault: node.exports?.names.has("default") ?? false,
  };
}
