import { PlatformError } from "../../contracts/errors.ts";
import { MODULE_DEPTH_MAX, UPLOAD_ISSUES_MAX } from "../../contracts/limits.ts";
import type { Graph, Node } from "./graph.ts";

/** Names of a module that a message lists. */
const NAMES_SHOWN = 20;

/** Something that keeps a script from being put together, and the import that shows it, as far as it is one. */
export interface ImportFault {
  module: string | null;
  name: string | null;
  reason: string;
}

/**
 * Why a script cannot be live with what its modules are now: imports that lead nowhere, names that nobody exports,
 * circles, chains that are too long. Bounded.
 */
export function importFaults(graph: Graph, node: Node): ImportFault[] {
  const cycle = graph.cycleFrom(node);
  if (cycle !== null) {
    const reason = `The modules import one another in a circle: ${cycle.join(" → ")}. Take one of these imports out.`;
    return [{ module: cycle[1] ?? null, name: null, reason }];
  }
  const faults = node.imports.flatMap(({ module, names }): ImportFault[] => {
    const target = graph.find(module);
    const reason = unusable(module, target);
    if (target === null || reason !== null) return [{ module, name: null, reason: reason ?? "" }];
    const missing = names.filter((name) => !graph.gives(target, name)).slice(0, UPLOAD_ISSUES_MAX);
    return missing.map((name) => ({ module, name, reason: exportsNo(target, name) }));
  });
  const chain = moduleChain(graph, node);
  if (chain.length > MODULE_DEPTH_MAX) {
    const first = node.kind === "module" ? chain[1] : chain[0];
    faults.push({ module: first ?? null, name: null, reason: tooDeep(chain) });
  }
  return faults.slice(0, UPLOAD_ISSUES_MAX);
}

/** The longest chain of modules that begins with a script. */
export function moduleChain(graph: Graph, node: Node): string[] {
  return [...(node.kind === "module" ? [node.name] : []), ...graph.chainBelow(node)];
}

/** Why a chain of modules is refused. */
export const tooDeep = (chain: readonly string[]): string =>
  `At most ${MODULE_DEPTH_MAX} modules import one another in a row, and here it is ${chain.length}: ${chain.join(" → ")}.`;

/**
 * Refuses for these faults, if there are any; `what` says what was not done. `details.imports` names the import behind
 * each of `details.issues`, for who knows where it stands.
 */
export function refuseFaults(what: string, faults: readonly ImportFault[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const others = faults.length > 1 ? ` (and ${faults.length - 1} more)` : "";
  throw new PlatformError("invalid", `${what}: ${first.reason}${others}`, {
    issues: faults.map(({ reason }) => ({ reason })),
    imports: faults.map(({ module, name }) => ({ module, name })),
  });
}

function unusable(name: string, target: Node | null): string | null {
  const shown = JSON.stringify(name);
  if (target === null) {
    return `The package ${shown} is not part of the upload, and the org has no module of that name. Save such a module first; or install the package and deploy with \`isola deploy\`, which bundles it.`;
  }
  if (target.kind === "endpoint") {
    return `The script ${shown} is an endpoint, and only modules can be imported. Save it with the kind module.`;
  }
  if (target.exports !== null) return null;
  return `The module ${shown} was saved before modules could be imported. Save it once more.`;
}

function exportsNo(module: Node, name: string): string {
  const names = [...(module.exports?.names ?? [])];
  const shown = names.slice(0, NAMES_SHOWN).join(", ") + (names.length > NAMES_SHOWN ? ", …" : "");
  const exported = names.length === 0 ? "" : ` It exports ${shown}.`;
  const advice = name === "default" ? " Import a name in braces, or give the module an `export default`." : "";
  return `The module ${JSON.stringify(module.name)} exports no ${name}.${exported}${advice}`;
}
