import type { ModuleExports, ModuleImport } from "../../../contracts/doors.ts";
import type { Issue } from "../../../contracts/errors.ts";
import { MODULE_IMPORTS_MAX, MODULE_NAMES_LENGTH_MAX } from "../../../contracts/limits.ts";
import type { Linker } from "./link.ts";
import type { CompiledModule } from "./module.ts";
import type { ModuleRequest } from "./parse.ts";

/** What an upload takes from modules of its org, and where it does so. */
export class OrgImports {
  readonly #imports = new Map<string, Taken>();

  constructor(modules: Iterable<CompiledModule>, linker: Linker) {
    for (const module of modules) {
      for (const [request, target] of module.targets) {
        if (target.type === "module") this.#add(target.name, { module, start: request.start }, request.names);
        if (target.type !== "file") continue;
        for (const taken of request.names) {
          const from = linker.passedOn(target.path, taken.name);
          if (from !== null) this.#add(from, { module, start: taken.start }, [taken]);
        }
      }
    }
  }

  #add(name: string, place: Place, names: ModuleRequest["names"]): void {
    const taken = this.#imports.get(name) ?? { first: place, names: new Map() };
    this.#imports.set(name, taken);
    for (const { name: wanted, start } of names) {
      if (!taken.names.has(wanted)) taken.names.set(wanted, { module: place.module, start });
    }
  }

  /** By the module's name, in order. */
  list(): ModuleImport[] {
    const entries = [...this.#imports].sort(([a], [b]) => (a < b ? -1 : 1));
    return entries.map(([module, { names }]) => ({ module, names: [...names.keys()].sort() }));
  }

  /** What is beyond the bounds. */
  issues(): Issue[] {
    const issues: Issue[] = [];
    const beyond = [...this.#imports.keys()][MODULE_IMPORTS_MAX];
    if (beyond !== undefined) {
      issues.push(this.issue(beyond, null, `imports more than ${MODULE_IMPORTS_MAX} names that are no files.`));
    }
    for (const [module, { names }] of this.#imports) {
      if (issues.length > 0 || lengthOf(names.keys()) <= MODULE_NAMES_LENGTH_MAX) continue;
      issues.push(this.issue(module, null, "Too many names are taken from one module. Import all of it: * as."));
    }
    return issues;
  }

  /** A reason at the place where a name is taken from a module, or where the module is imported first. */
  issue(module: string | null, name: string | null, reason: string): Issue {
    const taken = this.#imports.get(module ?? "");
    const place = taken?.names.get(name ?? "") ?? taken?.first;
    return place === undefined ? { reason } : place.module.issue(place.start, reason);
  }
}

/** Why a module exports more than is kept of it; null when it does not. */
export function exportsIssue(main: CompiledModule, exports: ModuleExports): Issue | null {
  if (lengthOf(exports.names) <= MODULE_NAMES_LENGTH_MAX) return null;
  return { file: main.path, line: 1, column: 1, reason: "exports too many names. Export objects that hold them." };
}

interface Taken {
  first: Place;
  names: Map<string, Place>;
}

interface Place {
  module: CompiledModule;
  start: number;
}

function lengthOf(names: Iterable<string>): number {
  let length = 0;
  for (const name of names) length += name.length + 1;
  return length;
}
