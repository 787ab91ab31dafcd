import type { ModuleExports } from "../../../contracts/doors.ts";
import type { Issue } from "../../../contracts/errors.ts";
import { UPLOAD_ISSUES_MAX } from "../../../contracts/limits.ts";
import type { CompiledModule } from "./module.ts";
import { findPackageImport } from "../packages/index.ts";
import { nearest } from "./near.ts";

/** The modules of one upload, and what each gives to the others. */
export class Linker {
  readonly #modules: ReadonlyMap<string, CompiledModule>;
  readonly #sources = new Map<string, NameSource>();

  constructor(modules: ReadonlyMap<string, CompiledModule>) {
    this.#modules = modules;
  }

  /** What keeps the modules from being put together: imports that lead nowhere, names that nobody exports. Bounded. */
  issues(): Issue[] {
    const issues: Issue[] = [];
    for (const module of this.#modules.values()) {
      for (const [request, target] of module.targets) {
        if (issues.length >= UPLOAD_ISSUES_MAX) return issues;
        if (target.type === "none") issues.push(module.issue(request.start, target.reason()));
        if (target.type !== "file") continue;
        const unknown = request.names.find(({ name }) => !this.exports(target.path, name));
        if (unknown === undefined) continue;
        issues.push(module.issue(unknown.start, this.#missing(module.path, target.path, unknown.name)));
      }
    }
    return issues;
  }

  /** Whether a module exports a name, itself or through `export * from`; what built-in modules export is not known here. */
  exports(path: string, name: string): boolean {
    if (name === "default") return this.#modules.get(path)?.record.exports.has(name) ?? false;
    const source = this.#known(path);
    return source.open || source.stars.size > 0 || source.exports.some((names) => names.has(name));
  }

  /** The module of the org that a file takes a name from by `export *`; null where it is not the only one that could be. */
  passedOn(path: string, name: string): string | null {
    if (name === "default") return null;
    const { exports, stars, open } = this.#known(path);
    const [only, second] = stars;
    if (only === undefined || second !== undefined || open || exports.some((names) => names.has(name))) return null;
    return only;
  }

  /** What a file gives to other scripts of the org. */
  exportsOf(path: string): ModuleExports {
    const { exports, stars, open } = this.#known(path);
    const names = new Set(exports.flatMap((set) => [...set]));
    if (!this.exports(path, "default")) names.delete("default");
    return { names: [...names].sort(), stars: [...stars].sort(), open };
  }

  #known(path: string): NameSource {
    const source = this.#sources.get(path) ?? this.#sourceOf(path);
    this.#sources.set(path, source);
    return source;
  }

  #sourceOf(path: string): NameSource {
    const source: NameSource = { exports: [], stars: new Set(), open: false };
    const seen = new Set<string>();
    const pending = [path];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const module = this.#modules.get(next);
      if (module === undefined || seen.has(next)) continue;
      seen.add(next);
      source.exports.push(module.record.exports);
      for (const star of module.record.stars) {
        const target = module.targets.get(star);
        if (target?.type === "builtin") source.open = true;
        if (target?.type === "module") source.stars.add(target.name);
        if (target?.type === "file") pending.push(target.path);
      }
    }
    return source;
  }

  #missing(from: string, path: string, name: string): string {
    const reason = `${findPackageImport(path) ?? path} exports no ${name}.`;
    if (/\.(?:json|txt)$/.test(path)) return `${reason} Import the whole file: import data from.`;
    if (name === "default") return `${reason} Import a name in braces, or give the file an \`export default\`.`;
    const near = nearest(name, this.#modules.get(path)?.record.exports ?? []);
    if (near.length > 0) return `${reason} Did you mean ${near.join(" or ")}?`;
    return /\.m?tsx?$/.test(from) ? `${reason} If it is a type, write \`export type\` or \`import type\`.` : reason;
  }
}

/** The sets of names that a module draws on; open when it passes on what a built-in module has. */
interface NameSource {
  exports: ReadonlySet<string>[];
  /** Modules of the org whose names it passes on; what they are is known where they are kept. */
  stars: Set<string>;
  open: boolean;
}
