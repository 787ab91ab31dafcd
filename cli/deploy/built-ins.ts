import { builtinModules } from "node:module";

import type { Plugin } from "esbuild";

const NAMES = builtinModules.filter((name) => !name.startsWith("_") && !name.includes(":"));
const BARE = new RegExp(`^(?:${NAMES.map((name) => name.replace("/", "\\/")).join("|")})$`);
const REQUIRED = "required-built-in";

/**
 * Lets packages name Node's built-ins in every way they do. `import "fs"` becomes an import of
 * `node:fs`; a CommonJS `require("fs")`, which an ES module cannot do, becomes one too.
 */
export const builtIns: Plugin = {
  name: "node-built-ins",
  setup(build) {
    build.onResolve({ filter: BARE }, ({ path, kind }) => resolveBuiltIn(`node:${path}`, kind));
    build.onResolve({ filter: /^node:/ }, ({ path, kind }) => resolveBuiltIn(path, kind));
    build.onLoad({ filter: /.*/, namespace: REQUIRED }, ({ path }) => ({
      contents: `import all from ${JSON.stringify(path)};\nmodule.exports = all;`,
      loader: "js",
    }));
  },
};

const resolveBuiltIn = (path: string, kind: string) =>
  kind === "require-call" ? { path, namespace: REQUIRED } : { path, external: true };
