import type { ExecutionRecord, RecordedBody, RecordedMessage } from "../../../contracts/execution.ts";
import { LOG_HEADERS_LENGTH_MAX, LOG_HEADS_PER_SECOND_MAX } from "../../../contracts/limits.ts";
import { carriesCredentials, REDACTED } from "../../../contracts/redact.ts";
import { redactSecrets } from "../capabilities/redaction.ts";
import { depthOf } from "./attempt.ts";
import type { Ended } from "./outcomes.ts";
import type { Run } from "./run.ts";

/** Longest path that a record keeps, in characters. */
const RECORDED_PATH_LENGTH_MAX = 2_000;

/** The record of a run, as the log keeps it. */
export function recordOf(
  run: Run,
  ended: Ended,
  measured: Pick<ExecutionRecord, "id" | "startedAt" | "durationMs" | "status">,
  responseBody: RecordedBody | null,
): ExecutionRecord {
  const { script, request, path } = run;
  const { orgId } = run.org.projection;
  const whole = ended.outcome !== "ok" || measured.status >= 400 || hasRoom(orgId, measured.startedAt);
  return {
    ...measured,
    scriptId: script.id,
    scriptName: script.name,
    versionId: script.versionId,
    versionNumber: script.versionNumber,
    trigger: run.trigger,
    method: request.method,
    path: redactSecrets(orgId, path.length > RECORDED_PATH_LENGTH_MAX ? path.slice(0, RECORDED_PATH_LENGTH_MAX) : path),
    outcome: ended.outcome,
    error: ended.fault?.error ?? null,
    cpuMs: ended.fault?.cpuMs ?? null,
    brokenLimit: ended.brokenLimit,
    depth: depthOf(run),
    parentId: run.caller?.executionId ?? null,
    replayOf: run.replayOf ?? null,
    deliveryId: run.delivery?.id ?? null,
    attempt: run.delivery?.attempt ?? null,
    request: whole ? messageOf(orgId, request.headers, ended.requestBody) : null,
    response: whole && ended.response !== null ? messageOf(orgId, ended.response.headers, responseBody) : null,
  };
}

/** Heads recorded in the second that is running, by org. */
const recorded = new Map<string, number>();
let second = 0;

/** Reading heads costs a request more than its routing, and nobody reads thousands of them a second. */
function hasRoom(orgId: string, now: number): boolean {
  const current = Math.floor(now / 1_000);
  if (current !== second) {
    second = current;
    recorded.clear();
  }
  const count = recorded.get(orgId) ?? 0;
  if (count >= LOG_HEADS_PER_SECOND_MAX) return false;
  recorded.set(orgId, count + 1);
  return true;
}

function messageOf(orgId: string, headers: Headers, body: RecordedBody | null): RecordedMessage {
  // Without a prototype: a header may be called `__proto__`.
  const kept = Object.create(null) as Record<string, string>;
  let length = 0;
  for (const [name, value] of headers) {
    length += name.length + value.length;
    if (length > LOG_HEADERS_LENGTH_MAX) break;
    kept[name] = isSecret(name) ? REDACTED : redactSecrets(orgId, value);
  }
  return { headers: kept, body: body?.encoding === "utf8" ? { ...body, text: redactSecrets(orgId, body.text) } : body };
}

const secretNames = new Map<string, boolean>();
const SECRET_NAMES_MAX = 1_000;

/** The same few names come with every request, so that looking one up is cheaper than judging it again. */
function isSecret(name: string): boolean {
  const known = secretNames.get(name);
  if (known !== undefined) return known;
  if (secretNames.size >= SECRET_NAMES_MAX) secretNames.clear();
  const secret = carriesCredentials(name);
  secretNames.set(name, secret);
  return secret;
}
