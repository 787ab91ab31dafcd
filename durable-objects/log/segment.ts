import type { ExecutionRecord } from "../../contracts/execution.ts";
import { LOG_ROW_LENGTH_MAX, LOG_SEGMENT_SPAN_MS } from "../../contracts/limits.ts";
import { compareNewestFirst, encodeRecord, positionOf } from "./record.ts";

/**
 * Records stored as one row, newest first, with what tells a reader whether to open it: the ends of
 * its first and last execution, and the words that occur in it, each between blanks.
 */
export interface Segment {
  firstAt: number;
  lastAt: number;
  scripts: string;
  /** Outcomes and HTTP statuses. */
  results: string;
  executionIds: string;
  /** JSON. */
  records: string;
}

/** Lays a batch's records out in segments, oldest first, each bounded in size and in time. */
export function segmentsOf(records: readonly ExecutionRecord[]): Segment[] {
  const entries = records
    .map((record) => ({ record, position: positionOf(record), text: encodeRecord(record) }))
    .sort((a, b) => compareNewestFirst(a.position, b.position));
  const segments: Segment[] = [];
  for (let start = 0, end = 0; start < entries.length; start = end) {
    const lastAt = entries[start]?.position.at ?? 0;
    let length = 0;
    for (end = start; end < entries.length; end += 1) {
      const entry = entries[end];
      if (entry === undefined || lastAt - entry.position.at > LOG_SEGMENT_SPAN_MS) break;
      length += entry.text.length + 1;
      if (length > LOG_ROW_LENGTH_MAX && end > start) break;
    }
    segments.unshift(segmentOf(entries.slice(start, end)));
  }
  return segments;
}

/** Whether a word occurs in one of a segment's lists of words. */
export function hasWord(words: string, word: string): boolean {
  return words.includes(` ${word} `);
}

function segmentOf(entries: { record: ExecutionRecord; position: { at: number }; text: string }[]): Segment {
  const records = entries.map(({ record }) => record);
  return {
    firstAt: entries.at(-1)?.position.at ?? 0,
    lastAt: entries[0]?.position.at ?? 0,
    scripts: wordsOf(new Set(records.map(({ scriptId }) => scriptId))),
    results: wordsOf(new Set(records.flatMap(({ outcome, status }) => [outcome, `${status}`]))),
    executionIds: wordsOf(records.map(({ id }) => id)),
    records: `[${entries.map(({ text }) => text).join(",")}]`,
  };
}

function wordsOf(words: Iterable<string>): string {
  return ` ${[...words].join(" ")} `;
}
