import type { ExecutionRecord, RecordedBody, RecordedMessage } from "./execution.ts";
import { LOG_RECORD_LENGTH_MAX, LOG_RECORD_TEXT_LENGTH_MAX } from "./limits.ts";

/** What is left of a body, in characters; base 64 may only be cut between groups of four. */
const SHORT_BODY_LENGTH = 2_048;

/** A record as JSON. Where it would not fit the store, its bodies are cut first, then its heads, then all else. */
export function encodeRecord(record: ExecutionRecord): string {
  let text = isUsual(record) ? encodeUsual(record) : JSON.stringify(record);
  for (const cut of CUTS) {
    if (text.length <= LOG_RECORD_LENGTH_MAX) break;
    record = cut(record);
    text = JSON.stringify(record);
  }
  return text;
}

/** Whether nothing is to be said of a run but what is said of each. */
const isUsual = (record: ExecutionRecord): boolean =>
  record.request === null &&
  record.response === null &&
  record.error === null &&
  record.cpuMs === null &&
  record.brokenLimit === null &&
  record.depth === 0 &&
  record.deliveryId === null &&
  record.replayOf === null;

/** The same in half the time and room, for there are thousands a second: what is empty is left out. */
function encodeUsual(record: ExecutionRecord): string {
  const { id, scriptId, scriptName, versionId, versionNumber, trigger, method, path } = record;
  const { status, outcome, startedAt, durationMs } = record;
  return `{"id":"${id}","scriptId":"${scriptId}","scriptName":"${scriptName}","versionId":"${versionId}","versionNumber":${versionNumber},"trigger":"${trigger}","method":${quoted(method)},"path":${quoted(path)},"status":${status},"outcome":"${outcome}","startedAt":${startedAt},"durationMs":${durationMs},"error":null}`;
}

const PLAIN = /^[ !#-[\]-~]*$/;
const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

/** A stored record; one that is older than some of the fields has them empty. */
export function completeRecord(stored: Partial<ExecutionRecord>): ExecutionRecord {
  return { ...EMPTY, ...stored } as ExecutionRecord;
}

const EMPTY = {
  cpuMs: null,
  brokenLimit: null,
  depth: 0,
  parentId: null,
  replayOf: null,
  deliveryId: null,
  attempt: null,
  request: null,
  response: null,
} satisfies Partial<ExecutionRecord>;

function withMessages(cut: (message: RecordedMessage) => RecordedMessage) {
  return (record: ExecutionRecord): ExecutionRecord => {
    const { request, response } = record;
    return { ...record, request: request && cut(request), response: response && cut(response) };
  };
}

function shortBody(body: RecordedBody): RecordedBody {
  if (body.text.length <= SHORT_BODY_LENGTH) return body;
  return { ...body, text: body.text.slice(0, SHORT_BODY_LENGTH), truncated: true };
}

function withShortTexts(record: ExecutionRecord): ExecutionRecord {
  const { path, error } = record;
  return {
    ...record,
    path: short(path),
    error: error && { name: short(error.name), message: short(error.message), stack: short(error.stack) },
  };
}

function short(text: string): string {
  return text.length <= LOG_RECORD_TEXT_LENGTH_MAX ? text : `${text.slice(0, LOG_RECORD_TEXT_LENGTH_MAX)}…`;
}

const CUTS = [
  withMessages((message) => ({ ...message, body: message.body && shortBody(message.body) })),
  withMessages(({ body }) => ({ headers: {}, body })),
  withShortTexts,
];
