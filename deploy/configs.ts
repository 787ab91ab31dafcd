import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { parse, type TomlTable } from "smol-toml";

/** Order in which Workers are deployed: each one after those it is bound to, as far as a circle allows. */
export const WORKERS = ["durable-objects", "control-plane", "router"] as const;
export type WorkerName = (typeof WORKERS)[number];

/** A deployment file split into one wrangler configuration a Worker. */
export type WorkerConfigs = Record<WorkerName, TomlTable>;

/**
 * Splits a deployment file (TOML): what stands above `[workers.*]` holds for every Worker, and a Worker's own table
 * wins over it. Paths are made absolute, because the results are written elsewhere.
 *
 * @throws Error when a Worker is missing.
 */
export function workerConfigs(toml: string, root: string): WorkerConfigs {
  const { workers, ...common } = parse(toml);
  const tables = workers as Record<string, TomlTable> | undefined;
  const configOf = (name: WorkerName): TomlTable => {
    const own = tables?.[name];
    if (typeof own?.["main"] !== "string")
      throw new Error(`The deployment file has no table [workers.${name}] with a main.`);
    return { ...common, ...own, main: resolve(root, own["main"]) };
  };
  return {
    "durable-objects": configOf("durable-objects"),
    "control-plane": configOf("control-plane"),
    router: configOf("router"),
  };
}

/** Values that are still to be filled in, such as `<app.example>`. */
export function placeholders(toml: string): string[] {
  const withoutComments = toml.replaceAll(/^\s*#.*$/gm, "");
  return [...new Set(withoutComments.match(/<[^<>"]+>/g) ?? [])];
}

/** Writes each Worker's configuration as JSON and returns the files' paths. */
export function writeConfigs(configs: WorkerConfigs, directory: string): Record<WorkerName, string> {
  mkdirSync(directory, { recursive: true });
  const write = (name: WorkerName): string => {
    const path = join(directory, `${name}.json`);
    writeFileSync(path, `${JSON.stringify(configs[name], null, 2)}\n`);
    return path;
  };
  return {
    "durable-objects": write("durable-objects"),
    "control-plane": write("control-plane"),
    router: write("router"),
  };
}

/** Reads a deployment file. */
export const readDeployment = (path: string): string => readFileSync(path, "utf8");
