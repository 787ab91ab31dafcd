import { PACKAGES_FOLDER } from "../../../contracts/projection.ts";
import built from "./built.json" with { type: "json" };

/** A package that scripts import by name without bringing it along. */
interface BuiltPackage {
  name: string;
  version: string;
  /** What is imported → its file. */
  entries: Record<string, string>;
  files: Record<string, string>;
}

/** By name, as `scripts/build-packages.mjs` made them of the installed versions. */
const PACKAGES = built as unknown as readonly BuiltPackage[];

const folderOf = ({ name, version }: BuiltPackage): string => `${PACKAGES_FOLDER}/${name}@${version}/`;

/** What is imported → the path of its file in a script's code. */
const ENTRIES = new Map(
  PACKAGES.flatMap((item) =>
    Object.entries(item.entries).map(([specifier, file]) => [specifier, folderOf(item) + file] as const),
  ),
);

/** The files of all packages, by their paths in a script's code. */
const FILES = new Map(
  PACKAGES.flatMap((item) => Object.entries(item.files).map(([file, text]) => [folderOf(item) + file, text] as const)),
);

/** Paths of all files of packages. */
export const PACKAGE_PATHS: ReadonlySet<string> = new Set(FILES.keys());

const IMPORTS = new Map([...ENTRIES].map(([specifier, path]) => [path, specifier]));

/** The packages there are, with all that can be imported of each. */
export const PACKAGE_LIST = PACKAGES.map(({ name, version, entries }) => ({
  name,
  version,
  imports: Object.keys(entries),
}));

/** What a message says to who imports a package that is not there. */
export const PACKAGES_ADVICE = `Available without bundling: ${PACKAGES.map(({ name }) => name).join(", ")}.`;

/** Whether a name is that of a package. */
export const isPackage = (name: string): boolean => ENTRIES.has(name);

/** The file that an import of a package means, in a script's code; null when it means none. */
export const findPackagePath = (specifier: string): string | null => ENTRIES.get(specifier) ?? null;

/** How a file of a package is imported; null for what is none, or is not imported by itself. */
export const findPackageImport = (path: string): string | null => IMPORTS.get(path) ?? null;

/** The text of a file of a package; null where there is none. */
export const findPackageFile = (path: string): string | null => FILES.get(path) ?? null;
