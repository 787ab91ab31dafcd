import { scriptNameSchema } from "../../../contracts/api/scripts.ts";
import { ISOLA_PATH, modulePath } from "../../../contracts/projection.ts";
import { CODE_EXTENSIONS, DATA_EXTENSIONS, extensionOf } from "./files.ts";
import { findPackagePath, PACKAGES_ADVICE } from "../packages/index.ts";
import { nearest } from "./near.ts";
import { isNodeBuiltin } from "./node-builtins.ts";

/** Where an import leads: to a file of the upload, to a built-in module, to what may be a module of the org, or nowhere. */
export type Resolution =
  | { type: "file"; path: string; specifier: string }
  | { type: "builtin"; specifier: string }
  | { type: "module"; name: string; specifier: string }
  | { type: "none"; reason(): string };

/** Modules of the runtime that scripts may import. */
const RUNTIME_MODULES = ["cloudflare:workers"];
const IMPORTABLE = [...CODE_EXTENSIONS, ...DATA_EXTENSIONS];
/** What TypeScript files are called in imports that already say what they will become. */
const WRITTEN_AS: Record<string, readonly string[]> = { ".js": [".ts", ".tsx"], ".jsx": [".tsx"], ".mjs": [".mts"] };

/**
 * Resolves an import of the file `from`. `specifier` of the result is what the module loader has to be
 * given, which knows neither extensions nor index files.
 */
export function resolveSpecifier(from: string, specifier: string, paths: ReadonlySet<string>): Resolution {
  if (/^\.{1,2}(?:\/|$)/.test(specifier)) return resolveRelative(from, specifier, paths);
  if (specifier.startsWith("/")) {
    return none(
      `Imports of your own files are relative. Write ${JSON.stringify(relative(from, specifier.replace(/^\/+/, "")))}.`,
    );
  }
  if (paths.has(specifier))
    return none(`Imports of your own files begin with a dot. Write ${JSON.stringify(relative(from, specifier))}.`);
  return resolveName(from, specifier);
}

function resolveName(from: string, specifier: string): Resolution {
  if (isNodeBuiltin(specifier))
    return { type: "builtin", specifier: specifier.startsWith("node:") ? specifier : `node:${specifier}` };
  if (RUNTIME_MODULES.includes(specifier)) return { type: "builtin", specifier };
  if (specifier.startsWith("node:")) return none(`There is no module ${show(specifier)} in this runtime.`);
  if (/^(?:cloudflare|cloudflare-internal|workerd):/.test(specifier)) {
    return none(
      `${show(specifier)} is not open to scripts. Of the runtime's own modules only ${RUNTIME_MODULES.join(", ")} is.`,
    );
  }
  if (/^(?:https?|data|blob|file):/i.test(specifier)) {
    return none(
      "Modules are not loaded from URLs. Install the package and deploy with `isola deploy`, which bundles it.",
    );
  }
  if (specifier === "isola") return { type: "builtin", specifier: relative(from, ISOLA_PATH) };
  if (specifier.startsWith("isola/")) return none('The platform has one module for scripts. Import from "isola".');
  if (specifier === "") return none("The import names no module.");
  if (specifier.startsWith("#"))
    return none(`${show(specifier)} is a name from a package.json. Deploy with \`isola deploy\`, which resolves it.`);
  const packagePath = findPackagePath(specifier);
  if (packagePath !== null) return { type: "file", path: packagePath, specifier: relative(from, packagePath) };
  if (scriptNameSchema.safeParse(specifier).success) {
    return { type: "module", name: specifier, specifier: relative(from, modulePath(specifier)) };
  }
  const name = specifier.replace(/^(?:npm|jsr):/, "");
  return none(
    `The package ${show(name)} is not part of the upload. Install it and deploy with \`isola deploy\`, which bundles npm packages. ${PACKAGES_ADVICE}`,
  );
}

function resolveRelative(from: string, specifier: string, paths: ReadonlySet<string>): Resolution {
  if (/[?#]/.test(specifier)) return none("A path to a file of yours has no query and no fragment.");
  const wanted = join(from, specifier);
  if (wanted === null) return none(`${show(specifier)} leads out of the script's root.`);
  if (wanted === ".isola" || wanted.startsWith(".isola/")) return none("Names under .isola/ belong to the platform.");
  const found = candidates(wanted, specifier).find((path) => paths.has(path));
  if (found !== undefined) return { type: "file", path: found, specifier: relative(from, found) };
  // Looking for names that are near takes its time, so only for those that are shown.
  return {
    type: "none",
    reason: () => `There is no file ${show(wanted)} in the upload.${didYouMean(from, wanted, paths)}`,
  };
}

function didYouMean(from: string, wanted: string, paths: ReadonlySet<string>): string {
  const stemOf = (path: string) => path.slice(0, path.length - extensionOf(path).length);
  const byName = new Map([...paths].map((path) => [extensionOf(wanted) === "" ? stemOf(path) : path, path]));
  const near = nearest(wanted, byName.keys()).map((name) => JSON.stringify(relative(from, byName.get(name) ?? name)));
  return near.length === 0 ? "" : ` Did you mean ${near.join(" or ")}?`;
}

function candidates(wanted: string, specifier: string): string[] {
  const index = IMPORTABLE.map((extension) => (wanted === "" ? `index${extension}` : `${wanted}/index${extension}`));
  if (wanted === "" || /(?:^|\/)\.{0,2}$/.test(specifier)) return index;
  const extension = extensionOf(wanted);
  const stem = wanted.slice(0, wanted.length - extension.length);
  const renamed = (WRITTEN_AS[extension] ?? []).map((other) => stem + other);
  return [wanted, ...renamed, ...IMPORTABLE.map((other) => wanted + other), ...index];
}

/** The path that `specifier` leads to from the file `from`; null above the root. */
function join(from: string, specifier: string): string | null {
  const segments = from.split("/").slice(0, -1);
  for (const segment of specifier.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  return segments.join("/");
}

/** How the file `from` names the file `to`. */
function relative(from: string, to: string): string {
  const own = from.split("/").slice(0, -1);
  const other = to.split("/");
  let shared = 0;
  while (shared < own.length && shared < other.length - 1 && own[shared] === other[shared]) shared++;
  const up = "../".repeat(own.length - shared);
  return `${up === "" ? "./" : up}${other.slice(shared).join("/")}`;
}

const none = (reason: string): Resolution => ({ type: "none", reason: () => reason });

/** A specifier as it may stand in a message. */
const show = (specifier: string): string =>
  JSON.stringify(specifier.length > 100 ? `${specifier.slice(0, 100)}…` : specifier);
