import type { Issue } from "../../../contracts/errors.ts";
import type { CompiledModule } from "./module.ts";
import { nearest } from "./near.ts";

/** What keeps modules from being put together: imports that lead nowhere and names that nobody exports. */
export function linkIssues(modules: ReadonlyMap<string, CompiledModule>): Issue[] {
  const issues: Issue[] = [];
  for (const module of modules.values()) {
    for (const [request, target] of module.targets) {
      if (target.type === "none") issues.push(module.issue(request.start, target.reason));
      if (target.type !== "file") continue;
      for (const { name, start } of request.names) {
        if (exportsName(modules, target.path, name)) continue;
        issues.push(module.issue(start, missing(module.path, target.path, name, modules.get(target.path))));
      }
    }
  }
  return issues;
}

/** Whether a module exports a name, itself or through `export * from`; what built-in modules export is not known here. */
export function exportsName(modules: ReadonlyMap<string, CompiledModule>, path: string, name: string): boolean {
  const seen = new Set<string>();
  const pending = [path];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const module = modules.get(next);
    if (module === undefined || seen.has(next)) continue;
    seen.add(next);
    if (module.record.exports.has(name)) return true;
    if (name === "default") continue;
    for (const star of module.record.stars) {
      const target = [...module.targets].find(([request]) => request.specifier === star)?.[1];
      if (target?.type === "builtin") return true;
      if (target?.type === "file") pending.push(target.path);
    }
  }
  return false;
}

function missing(from: string, path: string, name: string, target: CompiledModule | undefined): string {
  const reason = `${path} exports no ${name}.`;
  if (/\.(?:json|txt)$/.test(path)) return `${reason} Import the whole file: import data from.`;
  if (name === "default") return `${reason} Import a name in braces, or give the file an \`export default\`.`;
  const near = nearest(name, target?.record.exports ?? []);
  if (near.length > 0) return `${reason} Did you mean ${near.join(" or ")}?`;
  return /\.m?tsx?$/.test(from) ? `${reason} If it is a type, write \`export type\` or \`import type\`.` : reason;
}
