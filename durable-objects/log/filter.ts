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

/** Whether a text occurs in the path, the error or the console lines; these are only asked for where they decide. */
export function matchesText(record: ExecutionRecord, text: string | null, linesOf: () => LogLine[]): boolean {
  if (text === null) return true;
  const wanted = text.toLowerCase();
  const { path, error } = record;
  const own = error === null ? [path] : [path, `${error.name}: ${error.message}`, error.stack];
  const includes = (candidate: string): boolean => candidate.toLowerCase().includes(wanted);
  return own.some(includes) || linesOf().some((line) => includes(line.text));
}

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
