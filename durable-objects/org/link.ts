import {
  type CodeUses,
  ISOLA_PATH,
  METER_PATH,
  modulePath,
  MODULES_FOLDER,
  PACKAGES_FOLDER,
  type VersionCode,
} from "../../contracts/projection.ts";

/** How the files of packages that have a default export are called: `export *` leaves that out. */
const DEFAULT_SUFFIX = ".default.js";

/** A version with what it is put together from. */
export interface Part {
  /** The module's name and the version's number, which a stack can be traced back by. */
  name: string;
  number: number;
  code: VersionCode;
  /** Names of the modules that it imports. */
  imports: string[];
  /** Whether it has a default export, which `export *` leaves out. */
  givesDefault: boolean;
}

/**
 * A version's code with that of all modules it depends on. The code of each stands unchanged in a folder of its own, in
 * which its imports of modules, packages and the platform lead to files that pass on what is at the root.
 */
export function linkCode(own: Part, modules: readonly Part[]): VersionCode {
  const linked: Record<string, string> = { ...own.code.modules };
  const givesDefault = new Map(modules.map((module) => [module.name, module.givesDefault]));
  for (const module of modules) {
    const folder = `${MODULES_FOLDER}/${module.name}@${module.number}`;
    linked[modulePath(module.name)] = passOn(
      modulePath(module.name),
      `${folder}/${module.code.main}`,
      module.givesDefault,
    );
    for (const [path, code] of Object.entries(module.code.modules)) {
      if (!path.startsWith(`${PACKAGES_FOLDER}/`)) linked[`${folder}/${path}`] = code;
      else {
        linked[path] ??= code;
        linked[`${folder}/${path}`] = passOn(`${folder}/${path}`, path, path.endsWith(DEFAULT_SUFFIX));
      }
    }
    for (const name of module.imports) {
      const path = `${folder}/${modulePath(name)}`;
      linked[path] = passOn(path, modulePath(name), givesDefault.get(name) ?? false);
    }
    for (const path of [METER_PATH, ISOLA_PATH]) {
      if (!Object.values(module.code.modules).some((code) => code.includes(path))) continue;
      linked[`${folder}/${path}`] = passOn(`${folder}/${path}`, path, false);
    }
  }
  const codes = [own.code, ...modules.map(({ code }) => code)];
  const uses = usesOf(codes);
  return {
    main: own.code.main,
    modules: linked,
    nodeCompat: codes.some(({ nodeCompat }) => nodeCompat),
    ...(uses === null ? {} : { uses }),
  };
}

/** A module at `path` that gives what the one at `target` gives; both from the root. */
function passOn(path: string, target: string, withDefault: boolean): string {
  const specifier = JSON.stringify("../".repeat(path.split("/").length - 1) + target);
  return `export * from ${specifier};\n${withDefault ? `export { default } from ${specifier};\n` : ""}`;
}

/** What any of them uses; null where nobody looked into one. */
function usesOf(codes: readonly VersionCode[]): CodeUses | null {
  let all = { console: false, fetch: false, streams: false };
  for (const { uses } of codes) {
    if (uses === undefined) return null;
    all = {
      console: all.console || uses.console,
      fetch: all.fetch || uses.fetch,
      streams: all.streams || uses.streams,
    };
  }
  return all;
}
