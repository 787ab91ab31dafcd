import type { TriggerKind } from "./events/trigger.ts";
import type { LimitName } from "./script-limits.ts";

/** What started an execution. */
export type Trigger = "http" | "execute" | "invoke" | TriggerKind;
/** How an execution ended: `abandoned` when its caller had gone, `refused` when the platform did not begin it. */
export type Outcome = "ok" | "error" | "timeout" | "over_budget" | "abandoned" | "refused";

export type LogLevel = "debug" | "info" | "log" | "warn" | "error";

/** One console line; `at` in epoch milliseconds. */
export interface LogLine {
  at: number;
  level: LogLevel;
  text: string;
}

/** An exception as the script threw it; positions are those of the compiled code until a reader maps them. */
export interface ExecutionError {
  name: string;
  message: string;
  stack: string;
}

/** One run of a script, as the edge records it after the response. */
export interface ExecutionRecord {
  id: string;
  scriptId: string;
  scriptName: string;
  versionId: string;
  versionNumber: number;
  trigger: Trigger;
  method: string;
  /** Path and query as requested. */
  path: string;
  /** HTTP status the caller saw. */
  status: number;
  outcome: Outcome;
  startedAt: number;
  /** Milliseconds from dispatch to the head of the response. */
  durationMs: number;
  error: ExecutionError | null;
  /** Processor time as far as it was measured, in milliseconds. */
  cpuMs: number | null;
  /** The limit that ended the run. */
  brokenLimit: LimitName | null;
  /** Runs above this one, by `invoke`. */
  depth: number;
  /** The run that invoked this one. */
  parentId: string | null;
  /** The execution whose input was run again. */
  replayOf: string | null;
  /** The delivery that it was an attempt of, and which one; null for none. */
  deliveryId: string | null;
  attempt: number | null;
  request: RecordedMessage | null;
  response: RecordedMessage | null;
}

/** A head and, where it was small enough to keep, a body. */
export interface RecordedMessage {
  headers: Record<string, string>;
  body: RecordedBody | null;
}

export interface RecordedBody {
  text: string;
  encoding: "utf8" | "base64";
  /** True when this is only the beginning. */
  truncated: boolean;
}

/** Console lines of one run; they may arrive before or after its record. */
export interface RunLines {
  executionId: string;
  lines: LogLine[];
}

/**
 * Records as the log stores them: one row, so laid out by the edge that the log need not read them. The
 * words that tell a reader whether to open it stand each between blanks.
 */
export interface LogSegment {
  /** End of its first and last execution, in epoch milliseconds. */
  firstAt: number;
  lastAt: number;
  count: number;
  /** Ids of scripts. */
  scripts: string;
  /** Outcomes and HTTP statuses. */
  results: string;
  executionIds: string;
  /** JSON array of {@link ExecutionRecord}s. */
  records: string;
}

/** What an edge hands to one org's log at a time. */
export interface LogBatch {
  orgId: string;
  segments: LogSegment[];
  /** Each a JSON array of pairs `[execution id, console lines]`; lines may come before or after their record. */
  lines: string[];
  /** Records and console lines in it. */
  count: number;
  /** Records lost to the edge's bound since the last batch. */
  dropped: number;
}
