import type { ExecutionRecord } from "../execution.ts";

/** A complete execution record for tests: a quick success, changed by what a test is about. */
export const sampleExecution = (changes: Partial<ExecutionRecord> = {}): ExecutionRecord => ({
  id: "exe_1",
  scriptId: "scr_1",
  scriptName: "main",
  versionId: "ver_1",
  versionNumber: 1,
  trigger: "http",
  method: "GET",
  path: "/",
  status: 200,
  outcome: "ok",
  startedAt: 0,
  durationMs: 1,
  error: null,
  cpuMs: null,
  brokenLimit: null,
  depth: 0,
  parentId: null,
  replayOf: null,
  deliveryId: null,
  attempt: null,
  request: null,
  response: null,
  ...changes,
});
