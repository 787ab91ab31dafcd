import { sep } from "node:path";

import type { Plugin } from "esbuild";

/** What a module of an org may be called, and with a path behind it what a package of the platform is. */
const NAME = /^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\/.+)?$/;
const ASKED = Symbol("asked");
const INSTALLED = `${sep}node_modules${sep}`;

/**
 * Leaves an import alone that nothing here answers: `import { x } from "name"` may mean a module of
 * the org, which the platform alone knows. An installed package's own imports are no such wish.
 */
export const orgModules: Plugin = {
  name: "org-modules",
  setup(build) {
    build.onResolve(
      { filter: NAME },
      async ({ path, pluginData, importer, resolveDir, kind, namespace, with: given }) => {
        const mayBeOurs = kind === "import-statement" || kind === "dynamic-import";
        if (!mayBeOurs || pluginData === ASKED || importer.includes(INSTALLED)) return undefined;
        const found = await build.resolve(path, {
          importer,
          resolveDir,
          kind,
          namespace,
          with: given,
          pluginData: ASKED,
        });
        return found.errors.length === 0 ? { ...found, pluginData: undefined } : { path, external: true };
      },
    );
  },
};
