#!/usr/bin/env node
// Bundles the packages that scripts may import by name without bundling them themselves. It runs after each
// installation, since only that changes their versions, and writes what the control plane takes in:
//
//   [{ name, version, entries: { "hono/cors": "cors.js" }, files: { "cors.js": "…" } }]

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

/** Package → what of it can be imported; an empty text is the package itself. */
const PACKAGES = {
  hono: [
    "",
    "basic-auth",
    "bearer-auth",
    "body-limit",
    "cookie",
    "cors",
    "etag",
    "html",
    "http-exception",
    "jwt",
  ].concat(["logger", "request-id", "secure-headers", "timing", "validator"]),
  "itty-router": [""],
  jose: [""],
  zod: ["", "mini"],
};

/** Translations make two thirds of zod, and everything that imports it would carry them. */
const englishOnly = {
  name: "english-only",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    })),
};

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

async function bundlePackage([name, exports]) {
  const { version } = JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8"));
  const points = exports.map((path) => ({ specifier: path === "" ? name : `${name}/${path}`, out: path || "index" }));
  const { outputFiles, metafile } = await build({
    entryPoints: points.map(({ specifier, out }) => ({ in: specifier, out })),
    absWorkingDir: root,
    outdir: "/",
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", "node:*"],
    define: { "process.env.NODE_ENV": '"production"' },
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "inline",
    plugins: [englishOnly],
  });
  const exported = Object.entries(metafile.outputs).map(([path, output]) => [fileOf(path), output.exports]);
  const defaults = new Set(exported.filter(([, names]) => names.includes("default")).map(([file]) => file));
  // What passes such a file on has to know, for `export *` leaves the default out.
  const nameOf = (file) => (defaults.has(file) ? file.replace(/\.js$/, ".default.js") : file);
  return {
    name,
    version,
    entries: Object.fromEntries(points.map(({ specifier, out }) => [specifier, nameOf(`${out}.js`)])),
    files: Object.fromEntries(outputFiles.map(({ path, text }) => [nameOf(fileOf(path)), text])),
  };
}

const fileOf = (path) => path.replaceAll("\\", "/").split("/").at(-1);

const built = await Promise.all(Object.entries(PACKAGES).map(bundlePackage));
writeFileSync(join(root, "workers/control-plane/packages/built.json"), `${JSON.stringify(built)}\n`);
