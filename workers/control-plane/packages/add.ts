import { compileModule, type CompiledModule } from "../compile/module.ts";
import { findPackageFile, PACKAGE_PATHS } from "./index.ts";

/** What was compiled of packages so far: it is the same for every upload. As bounded as the packages are. */
const compiledFiles = new Map<string, CompiledModule>();

/** Adds to an upload's modules those of the packages that it imports, and what these need. */
export function addPackages(compiled: Map<string, CompiledModule>, metered: boolean): void {
  const pending = [...compiled.values()];
  for (let module = pending.pop(); module !== undefined; module = pending.pop()) {
    for (const target of module.targets.values()) {
      if (target.type !== "file" || compiled.has(target.path)) continue;
      const added = packageModule(target.path, metered);
      if (added === null) continue;
      compiled.set(target.path, added);
      pending.push(added);
    }
  }
}

function packageModule(path: string, metered: boolean): CompiledModule | null {
  const key = `${path} ${metered}`;
  const known = compiledFiles.get(key);
  if (known !== undefined) return known;
  const text = findPackageFile(path);
  if (text === null) return null;
  const module = compileModule(path, text, PACKAGE_PATHS, metered);
  compiledFiles.set(key, module);
  return module;
}
