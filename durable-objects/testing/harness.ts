import { env } from "cloudflare:test";
import { exports } from "cloudflare:workers";

import type { Actor, ExecutionFilter, RouteInput, StateDoor, VersionInput } from "../../contracts/doors.ts";
import { platformErrorOf, type PlatformError } from "../../contracts/errors.ts";
import type { ExecutionRecord, LogBatch, RunLines } from "../../contracts/execution.ts";
import { newId } from "../../contracts/ids.ts";
import { LogBatchWriter } from "../../contracts/log-batch.ts";
import { sampleExecution } from "../../contracts/testing/execution.ts";
import type { Projection } from "../../contracts/projection.ts";
import type { Dispatcher } from "../dispatcher/dispatcher.ts";
import type { Env } from "../env.ts";
import type { Org } from "../org/org.ts";

export const testEnv = env as unknown as Env & {
  DETACHED_ORG: DurableObjectNamespace<Org>;
  DETACHED_DISPATCHER: DurableObjectNamespace<Dispatcher>;
};
/** The door as the other Workers have it. */
export const door = (exports as unknown as { default: StateDoor }).default;

export const ada: Actor = { type: "user", id: "usr_ada", name: "Ada" };
/** Every execution. */
export const anyExecution: ExecutionFilter = {
  scriptId: null,
  status: null,
  trigger: null,
  executionId: null,
  since: null,
  until: null,
  text: null,
};
export const firstPage = { cursor: null, limit: 50 };

/** An upload; without more it is the endpoint `hello`. The hash follows the source. */
export function upload(source: string, more: Partial<VersionInput> = {}): VersionInput {
  return {
    name: "hello",
    kind: "endpoint",
    description: null,
    message: "",
    limits: {},
    files: { "index.ts": source },
    code: { main: "index.js", modules: { "index.js": source }, nodeCompat: false },
    imports: [],
    exports: null,
    sourceMap: null,
    hash: `hash-${source}`,
    sizeBytes: source.length,
    mode: "replace",
    ...more,
  };
}

/** A route on a path, of any method and host. */
export function routeTo(scriptId: string, path: string, more: Partial<RouteInput> = {}): RouteInput {
  const pathKind = path.endsWith("/*") ? "prefix" : path.includes(":") ? "param" : "exact";
  return { scriptId, method: "ANY", host: null, hostKind: "any", path, pathKind, ...more };
}

let orgs = 0;

/** An open org of a test's own. */
export async function openedOrg(): Promise<{ orgId: string; slug: string }> {
  const org = { orgId: newId("org"), slug: `org-${(orgs += 1)}` };
  await door.openOrg(org.orgId, org.slug);
  return org;
}

/** An execution record that ended at a time; without more a quick success of `hello`. */
export const execution = (endedAt: number, more: Partial<ExecutionRecord> = {}): ExecutionRecord =>
  sampleExecution({
    id: newId("execution"),
    scriptId: "scr_hello",
    scriptName: "hello",
    path: "/hello?name=ada",
    startedAt: endedAt - 2,
    durationMs: 2,
    ...more,
  });

/** A batch as an edge makes it. */
export function logBatch(orgId: string, records: ExecutionRecord[], lines: RunLines[] = [], dropped = 0): LogBatch {
  const writer = new LogBatchWriter();
  for (const record of records) writer.addRecord(record);
  for (const run of lines) writer.addLines(run.executionId, run.lines);
  writer.addDropped(dropped);
  return writer.finish(orgId);
}

/** What is published under a slug. */
export async function published(slug: string): Promise<Projection | null> {
  return testEnv.PROJECTIONS.get<Projection>(`slug:${slug}`, "json");
}

/** The refusal that a call ends in; fails where there is none, or where it is a bug. */
export async function refusalOf(call: Promise<unknown>): Promise<PlatformError> {
  const outcome: { thrown: unknown } | null = await call.then(
    () => null,
    (thrown: unknown) => ({ thrown }),
  );
  if (outcome === null) throw new Error("The call was not refused");
  const refusal = platformErrorOf(outcome.thrown);
  if (refusal === null) throw outcome.thrown;
  return refusal;
}
