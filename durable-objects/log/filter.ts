import type { ExecutionFilter } from "../../contracts/doors.ts";
import type { ExecutionRecord, LogLine } from "../../contracts/execution.ts";

/** What the words of a segment tell of it. */
export interface SegmentWords {
  scripts: string;
  results: string;
  execution_ids: string;
}

const STATUS_CLASS = /^[1-5]xx$/;

/** Whether a segment may hold what is looked for; only reading it tells. */
export function mayMatch(words: SegmentWords, { scriptId, status, executionId }: ExecutionFilter): boolean {
  return (
    (scriptId === null || hasWord(words.scripts, scriptId)) &&
    (executionId === null || hasWord(words.execution_ids, executionId)) &&
    (status === null || hasStatus(words.results, status))
  );
}

/** Whether a record fits everything but the text that is looked for. */
export function matchesFacts(record: ExecutionRecord, filter: ExecutionFilter): boolean {
  const { scriptId, status, trigger, executionId, since, until } = filter;
  return (
    (scriptId === null || record.scriptId === scriptId) &&
    (executionId === null || record.id === executionId) &&
    (trigger === null || record.trigger === trigger) &&
    (since === null || record.startedAt >= since) &&
    (until === null || record.startedAt <= until) &&
    (status === null || matchesStatus(record, status))
  );
}

/** Whether a text occurs in an execution; its lines are only asked for where they decide. */
export function matchesText(record: ExecutionRecord, text: string | null, linesOf: () => LogLine[]): boolean {
  return text === null || recordIncludes(record, text) || linesInclude(linesOf(), text);
}

/** Whether a text occurs in the path or the error, in whatever case. */
export function recordIncludes({ path, error }: ExecutionRecord, text: string): boolean {
  const own = error === null ? [path] : [path, `${error.name}: ${error.message}`, error.stack];
  return own.some((candidate) => includes(candidate, text));
}

/** Whether a text occurs in one of the console lines, in whatever case. */
export function linesInclude(lines: readonly LogLine[], text: string): boolean {
  return lines.some((line) => includes(line.text, text));
}

const includes = (candidate: string, text: string): boolean => candidate.toLowerCase().includes(text.toLowerCase());

function matchesStatus({ outcome, status }: ExecutionRecord, wanted: string): boolean {
  if (STATUS_CLASS.test(wanted)) return `${status}`.startsWith(wanted.charAt(0));
  return outcome === wanted || `${status}` === wanted;
}

function hasStatus(words: string, wanted: string): boolean {
  if (!STATUS_CLASS.test(wanted)) return hasWord(words, wanted);
  return words.split(" ").some((word) => /^[1-5][0-9]{2}$/.test(word) && word.startsWith(wanted.charAt(0)));
}

function hasWord(words: string, word: string): boolean {
  return word !== "" && words.includes(` ${word} `);
}
