import { PlatformError } from "../../contracts/errors.ts";
import { LINKED_CODE_BYTES_MAX, LINKED_CODE_GRACE_MS, MODULE_DEPTH_MAX } from "../../contracts/limits.ts";
import { codeKey } from "../../contracts/projection.ts";
import type { Database } from "../database.ts";
import { enqueue } from "../outbox/rows.ts";
import type { Graph, Node } from "./graph.ts";
import { importFaults, moduleChain, refuseFaults, tooDeep } from "./imports.ts";
import { graphOf, usersOf } from "./nodes.ts";
import { getOrg } from "./settings.ts";

/**
 * Puts a script and all that depend on it together anew, in the transaction that made its version live. Throws `invalid`
 * where the script cannot be put together, `conflict` (with the users) where a script that uses it could not be any
 * more, `too_large` where one grows beyond its bound; the transaction then leaves everything as it was.
 */
export function relink(db: Database, change: { name: string; what: string }, now: number): void {
  const graph = graphOf(db);
  const node = graph.find(change.name);
  if (node === null) throw new Error(`${change.name} is not live`);
  refuseFaults(change.what, importFaults(graph, node));
  const dependants = graph.dependantsOf(node.name).flatMap((name) => graph.find(name) ?? []);
  refuseBrokenUsers(graph, change.what, node, dependants);
  const sizes = new Map<string, number>();
  for (const affected of [node, ...dependants]) {
    refuseTooLarge(db, graph, affected, sizes);
    const operation = affected === node ? "put_linked_code" : "put_dependant_code";
    setLink(db, graph, { node: affected, operation }, now);
  }
}

/** Throws `conflict` with the users of a module while there are any. */
export function refuseUsed(db: Database, name: string): void {
  const users = usersOf(db, name).filter((user) => user !== name);
  if (users.length === 0) return;
  throw new PlatformError(
    "conflict",
    `The module "${name}" is imported by ${users.slice(0, 10).join(", ")}${users.length > 10 ? ", …" : ""}. Change or delete these first.`,
    { users },
  );
}

/** Takes back what was published of a script with its modules, unless another script has the same. */
export function unpublishLink(db: Database, linkedHash: string | null, dueAt: number): void {
  if (linkedHash === null) return;
  if (db.find("SELECT id FROM scripts WHERE linked_hash = ? LIMIT 1", linkedHash) !== null) return;
  enqueue(db, { key: codeKey(getOrg(db).org_id, linkedHash), operation: "delete_code" }, dueAt);
}

function refuseBrokenUsers(graph: Graph, what: string, node: Node, dependants: readonly Node[]): void {
  const users = dependants.flatMap((user) => {
    const missing = user.imports.flatMap(({ module, names }) => {
      const target = graph.find(module);
      if (target === null || target.kind === "endpoint") return [module];
      return names.filter((name) => !graph.gives(target, name));
    });
    return missing.length === 0 ? [] : [{ name: user.name, imports: missing }];
  });
  const [first] = users;
  if (first !== undefined) {
    const others = users.length > 1 ? `, and ${users.length - 1} more` : "";
    const reason =
      node.kind === "module"
        ? `it no longer gives what others import: ${first.name} needs ${first.imports.slice(0, 10).join(", ")}${others}`
        : `it is imported by ${first.name}${others}, and only modules can be`;
    throw new PlatformError("conflict", `${what}: ${reason}. Change these first, or keep what they need.`, { users });
  }
  for (const user of dependants) {
    const chain = moduleChain(graph, user);
    if (chain.length > MODULE_DEPTH_MAX) refuseFaults(what, [{ module: null, name: null, reason: tooDeep(chain) }]);
  }
}

function refuseTooLarge(db: Database, graph: Graph, node: Node, sizes: Map<string, number>): void {
  if (node.imports.length === 0) return;
  const bytes = [node, ...graph.modulesOf(node)].reduce((sum, { versionId }) => {
    const size = sizes.get(versionId) ?? codeBytes(db, versionId);
    sizes.set(versionId, size);
    return sum + size;
  }, 0);
  if (bytes <= LINKED_CODE_BYTES_MAX) return;
  throw new PlatformError(
    "too_large",
    `With its modules the script "${node.name}" has ${bytes.toLocaleString("en")} bytes; the limit is ${LINKED_CODE_BYTES_MAX.toLocaleString("en")}. Import less.`,
    { limitBytes: LINKED_CODE_BYTES_MAX, actualBytes: bytes },
  );
}

function codeBytes(db: Database, versionId: string): number {
  const query = "SELECT sum(length(bytes)) AS bytes FROM contents WHERE version_id = ? AND part = 'code'";
  return db.find<{ bytes: number | null }>(query, versionId)?.bytes ?? 0;
}

function setLink(
  db: Database,
  graph: Graph,
  { node, operation }: { node: Node; operation: "put_linked_code" | "put_dependant_code" },
  now: number,
): void {
  const before = db.find<{ linked_hash: string | null }>("SELECT linked_hash FROM scripts WHERE name = ?", node.name);
  const old = before?.linked_hash ?? null;
  const linkedHash = node.imports.length === 0 ? null : graph.linkedHash(node);
  if (linkedHash === old) return;
  db.run("UPDATE scripts SET linked_hash = ? WHERE name = ?", linkedHash, node.name);
  unpublishLink(db, old, now + LINKED_CODE_GRACE_MS);
  if (linkedHash === null) return;
  enqueue(db, { key: codeKey(getOrg(db).org_id, linkedHash), operation }, now);
}
