import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { build } from "esbuild";

import { newId } from "../../contracts/ids.ts";
import {
  codeKey,
  DEFAULT_ORG_SETTINGS,
  projectionKey,
  type Projection,
  type ProjectedScript,
  type VersionCode,
} from "../../contracts/projection.ts";
import { parseRoute, splitRoutePattern } from "../../contracts/routing/index.ts";
import { effectiveLimits, type SomeScriptLimits } from "../../contracts/script-limits.ts";
import type { compileUpload } from "../../workers/control-plane/compile/index.ts";
import { startBareEdge } from "./edge.ts";
import { request, type Answer } from "./request.ts";

/** What an upload is made into; the control plane's own, bundled, since one of its libraries wants a bundler. */
export async function loadCompiler(): Promise<typeof compileUpload> {
  const directory = await mkdtemp(join(tmpdir(), "isola-compile-"));
  const file = join(directory, "compile.mjs");
  const entry = resolve(import.meta.dirname, "../../workers/control-plane/compile/index.ts");
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
  });
  await writeFile(file, outputFiles[0]?.text ?? "");
  const compiler = (await import(pathToFileURL(file).href)) as { compileUpload: typeof compileUpload };
  await rm(directory, { recursive: true });
  return compiler.compileUpload;
}

/** A script of an org of its own, whose slug is the script's name. */
export interface MeteredScript {
  source: string | Record<string, string>;
  limits?: SomeScriptLimits;
  metered?: boolean;
}

/** One edge with scripts that were compiled as on one computer. */
export interface MeteredEdge {
  ask(name: string, path?: string): Promise<Answer & { tookMs: number }>;
  stop(): Promise<void>;
}

/** Starts a process that serves each script at the host of its name. */
export async function startMeteredEdge(scripts: Readonly<Record<string, MeteredScript>>): Promise<MeteredEdge> {
  const compile = await loadCompiler();
  const published: Record<string, string> = {};
  for (const [name, { source, limits, metered }] of Object.entries(scripts)) {
    const files = typeof source === "string" ? { "index.js": source } : source;
    const compiled = await compile({ files, kind: "endpoint", metered: metered ?? true });
    Object.assign(published, publish(name, compiled, limits ?? {}));
  }
  const edge = await startBareEdge({ published });
  return {
    stop: () => edge.stop(),
    ask: async (name, path = "/") => {
      const began = performance.now();
      const headers = { host: `${name}.localhost` };
      const answer = await request({ port: edge.port, path, headers, timeoutMs: 5_000 });
      return { ...answer, tookMs: performance.now() - began };
    },
  };
}

function publish(name: string, { hash, ...code }: VersionCode & { hash: string }, limits: SomeScriptLimits) {
  const orgId = newId("org");
  const script: ProjectedScript = {
    id: newId("script"),
    name,
    kind: "endpoint",
    versionId: newId("version"),
    versionNumber: 1,
    hash,
    limits: effectiveLimits(limits),
  };
  const parsed = parseRoute(splitRoutePattern("/*"));
  if (!parsed.ok) throw new Error(parsed.reason);
  const { hostKind: _, ...route } = parsed.route;
  const projection: Projection = {
    orgId,
    slug: name,
    state: "running",
    revision: 1,
    routes: [{ id: newId("route"), scriptId: script.id, ...route }],
    scripts: { [script.id]: script },
    settings: DEFAULT_ORG_SETTINGS,
  };
  const { main, modules, nodeCompat, uses } = code;
  return {
    [projectionKey(name)]: JSON.stringify(projection),
    [codeKey(orgId, hash)]: JSON.stringify({ main, modules, nodeCompat, uses }),
  };
}
