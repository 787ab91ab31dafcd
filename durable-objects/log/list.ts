import * as z from "zod";

import type { ExecutionDetail, ExecutionFilter, Page, PageRequest } from "../../contracts/doors.ts";
import type { ExecutionRecord } from "../../contracts/execution.ts";
import {
  LOG_BYTES_READ_PER_PAGE_MAX,
  LOG_BYTES_SEARCHED_PER_PAGE_MAX,
  LOG_PAGE_LENGTH_MAX,
  LOG_RETENTION_MS,
  LOG_SEGMENT_SPAN_MS,
  LOG_SEGMENTS_PER_PAGE_MAX,
} from "../../contracts/limits.ts";
import { SCRIPT_LIMITS } from "../../contracts/script-limits.ts";
import type { Database, Row } from "../database.ts";
import { decodeCursor, encodeCursor, pageSize } from "../pages.ts";
import { matchesFacts, mayMatch, type SegmentWords } from "./filter.ts";
import { findLines } from "./lines.ts";
import { compareNewestFirst, type Position, positionOf, readRecords } from "./record.ts";
import { recordsWith } from "./search.ts";

type SegmentRow = { id: number; last_at: number; bytes: number } & SegmentWords & Row;
type Entry = { record: ExecutionRecord; position: Position };

const positionSchema = z.object({ at: z.number(), id: z.string() });
/** Sorts behind every id. */
const AFTER_ALL_IDS = "~";
/** No run takes longer to answer than its limit, and then some. */
const RUN_MS_MAX = 2 * SCRIPT_LIMITS.wallClockMs.max;
const NEWEST: Position = { at: Number.MAX_SAFE_INTEGER, id: AFTER_ALL_IDS };

/**
 * One page of executions, newest first. A cursor is a place in the order of executions, so pages
 * neither repeat nor skip what was there, whatever is written meanwhile. The work is bounded: a page
 * may be short, or empty, and still have a cursor.
 */
export function listExecutions(
  db: Database,
  input: { filter: ExecutionFilter; page: PageRequest },
  now: number,
): Page<ExecutionDetail> {
  const { filter } = input;
  const start = startOf(decodeCursor(input.page.cursor, positionSchema) ?? NEWEST, filter);
  const size = pageSize(input.page);
  // Nothing that ended before a time has begun after it.
  const oldestAt = Math.max(now - LOG_RETENTION_MS, (filter.since ?? 0) - 1);
  const { entries, next } = scan(db, { start, size, filter, oldestAt });

  const items: ExecutionDetail[] = [];
  let length = 0;
  for (const { record } of entries) {
    const lines = findLines(db, record.id);
    length += JSON.stringify(lines).length + JSON.stringify(record).length;
    const previous = items.at(-1);
    if (length > LOG_PAGE_LENGTH_MAX && previous) return { items, cursor: encodeCursor(positionOf(previous)) };
    items.push({ ...record, lines });
  }
  return { items, cursor: next === null ? null : encodeCursor(next) };
}

/** Where a list begins that ends in the past: what began by then has ended soon after. */
function startOf(start: Position, { until }: ExecutionFilter): Position {
  if (until === null || until + RUN_MS_MAX >= start.at) return start;
  return { at: until + RUN_MS_MAX, id: AFTER_ALL_IDS };
}

/**
 * Reads segments from the one that ends last. Segments may overlap in time, so an entry is certain
 * only once every unread segment ends before it.
 */
function scan(
  db: Database,
  query: { start: Position; size: number; filter: ExecutionFilter; oldestAt: number },
): { entries: Entry[]; next: Position | null } {
  const { start, size, filter, oldestAt } = query;
  let found: Entry[] = [];
  let segmentsSeen = 0;
  let bytesRead = 0;
  const bytesReadMax = filter.text === null ? LOG_BYTES_READ_PER_PAGE_MAX : LOG_BYTES_SEARCHED_PER_PAGE_MAX;
  // Ids are most of what tells of a segment, and seldom asked for.
  const ids = filter.executionId === null ? "'' AS execution_ids" : "execution_ids";
  const segments = db.each<SegmentRow>(
    `SELECT id, last_at, bytes, scripts, results, ${ids} FROM segments
     WHERE last_at <= ? AND first_at <= ? AND last_at > ? ORDER BY last_at DESC, id DESC`,
    Math.min(start.at + LOG_SEGMENT_SPAN_MS, Number.MAX_SAFE_INTEGER),
    start.at,
    oldestAt,
  );
  for (const segment of segments) {
    const certain = found.filter(({ position }) => position.at > segment.last_at);
    if (certain.length >= size) return pageOf(certain, size);
    const exhausted = segmentsSeen >= LOG_SEGMENTS_PER_PAGE_MAX || bytesRead >= bytesReadMax;
    // Without the second condition a page could end where it began, and its cursor lead nowhere.
    if (exhausted && segment.last_at < start.at) {
      return { entries: certain, next: { at: segment.last_at, id: AFTER_ALL_IDS } };
    }
    segmentsSeen += 1;
    if (!mayMatch(segment, filter)) continue;
    bytesRead += segment.bytes;
    const entries = readSegment(db, segment.id).filter(
      ({ record, position }) =>
        position.at > oldestAt && compareNewestFirst(position, start) > 0 && matchesFacts(record, filter),
    );
    const fitting = filter.text === null ? entries : recordsWith(db, entries, filter.text);
    found = newest([...found, ...fitting], size + 1);
  }
  return found.length > size ? pageOf(found, size) : { entries: found, next: null };
}

function pageOf(entries: Entry[], size: number): { entries: Entry[]; next: Position | null } {
  return { entries: entries.slice(0, size), next: entries[size - 1]?.position ?? null };
}

/** The newest so many entries, in order, each execution once. */
function newest(entries: Entry[], count: number): Entry[] {
  return entries
    .sort((a, b) => compareNewestFirst(a.position, b.position))
    .filter(({ position }, index) => position.id !== entries[index - 1]?.position.id)
    .slice(0, count);
}

function readSegment(db: Database, id: number): Entry[] {
  const text = db.find<{ records: string }>("SELECT records FROM segments WHERE id = ?", id)?.records ?? "[]";
  return readRecords(text).map((record) => ({ record, position: positionOf(record) }));
}
