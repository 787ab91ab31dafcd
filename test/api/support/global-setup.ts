import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { build } from "esbuild";
import type { TestProject } from "vitest/node";

import { bundleOptions } from "../../../local/bundle.ts";
import { openTestDatabase } from "./database.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

/** What every core of a run starts from, so that no file has to make it again. */
export interface CoreTemplate {
  /** Files with the bundled Workers. */
  controlPlane: string;
  durableObjects: string;
  /** A data folder with an embedded database that is migrated and empty; null where a real PostgreSQL is used. */
  dataDirectory: string | null;
}

declare module "vitest" {
  interface ProvidedContext {
    coreTemplate: CoreTemplate;
  }
}

/** Makes the template before the first file of the project, and removes it after the last. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "isola-template-"));
  const [controlPlane, durableObjects, dataDirectory] = await Promise.all([
    bundle("workers/control-plane/index.ts", join(folder, "control-plane.js")),
    bundle("durable-objects/index.ts", join(folder, "durable-objects.js")),
    migratedData(join(folder, "data")),
  ]);
  project.provide("coreTemplate", { controlPlane, durableObjects, dataDirectory });
  return () => rm(folder, { recursive: true, force: true });
}

async function bundle(entry: string, path: string): Promise<string> {
  const { outputFiles } = await build({ ...bundleOptions(resolve(ROOT, entry)) });
  await writeFile(path, outputFiles[0]?.text ?? "");
  return path;
}

async function migratedData(dataDirectory: string): Promise<string | null> {
  if (process.env["TEST_DATABASE_URL"]) return null;
  await mkdir(dataDirectory);
  const database = await openTestDatabase({ dataDirectory, keep: true });
  await database.close();
  return dataDirectory;
}
