import type { ExecutionRecord, LogBatch, LogLine, LogSegment } from "./execution.ts";
import { LOG_LINES_PER_EXECUTION_MAX, LOG_ROW_LENGTH_MAX, LOG_SEGMENT_SPAN_MS } from "./limits.ts";
import { encodeRecord } from "./log-record.ts";

/** When an execution ended, in epoch milliseconds: its place in the order of executions. */
export const endOf = ({ startedAt, durationMs }: Pick<ExecutionRecord, "startedAt" | "durationMs">): number =>
  Math.round(startedAt + durationMs);

/**
 * Writes one org's batch as the log will store it, record by record: rows bounded in size and in time,
 * with their words, so that taking the batch costs the log next to nothing.
 */
export class LogBatchWriter {
  #segments: SegmentWriter[] = [];
  #lines: string[] = [];
  #count = 0;
  #length = 0;
  #dropped = 0;

  /** Records and console lines written. */
  get count(): number {
    return this.#count;
  }

  /** Characters written. */
  get length(): number {
    return this.#length;
  }

  addRecord(record: ExecutionRecord): void {
    const at = endOf(record);
    const text = encodeRecord(record);
    let segment = this.#segments.at(-1);
    if (segment === undefined || !segment.fits(at, text.length)) {
      segment = new SegmentWriter(at);
      this.#segments.push(segment);
    }
    segment.add(record, at, text);
    this.#count += 1;
    this.#length += text.length;
  }

  /** Rows of one run keep their order; lines over the bound of one execution, and the one that says so, are left out. */
  addLines(executionId: string, lines: readonly LogLine[]): void {
    const texts = lines.slice(0, LOG_LINES_PER_EXECUTION_MAX + 1).map((line) => JSON.stringify(line));
    for (const group of boundedGroups(texts)) {
      const text = `[${JSON.stringify(executionId)},[${group.join(",")}]]`;
      const last = this.#lines.at(-1);
      if (last === undefined || last.length + text.length > LOG_ROW_LENGTH_MAX) this.#lines.push(text);
      else this.#lines[this.#lines.length - 1] = `${last},${text}`;
      this.#length += text.length;
    }
    this.#count += lines.length;
  }

  addDropped(count: number): void {
    this.#dropped += count;
  }

  finish(orgId: string): LogBatch {
    return {
      orgId,
      segments: this.#segments.map((segment) => segment.finish()),
      lines: this.#lines.map((text) => `[${text}]`),
      count: this.#count,
      dropped: this.#dropped,
    };
  }
}

class SegmentWriter {
  #firstAt: number;
  #lastAt: number;
  #count = 0;
  #records = "";
  #executionIds = " ";
  readonly #scripts = new Set<string>();
  readonly #results = new Set<string | number>();

  constructor(at: number) {
    this.#firstAt = at;
    this.#lastAt = at;
  }

  fits(at: number, length: number): boolean {
    const span = Math.max(at, this.#lastAt) - Math.min(at, this.#firstAt);
    return span <= LOG_SEGMENT_SPAN_MS && this.#records.length + length < LOG_ROW_LENGTH_MAX;
  }

  add({ id, scriptId, outcome, status }: ExecutionRecord, at: number, text: string): void {
    if (at < this.#firstAt) this.#firstAt = at;
    if (at > this.#lastAt) this.#lastAt = at;
    this.#records += this.#count === 0 ? text : `,${text}`;
    this.#count += 1;
    this.#executionIds += `${id} `;
    this.#scripts.add(scriptId);
    this.#results.add(outcome);
    this.#results.add(status);
  }

  finish(): LogSegment {
    return {
      firstAt: this.#firstAt,
      lastAt: this.#lastAt,
      count: this.#count,
      scripts: ` ${[...this.#scripts].join(" ")} `,
      results: ` ${[...this.#results].join(" ")} `,
      executionIds: this.#executionIds,
      records: `[${this.#records}]`,
    };
  }
}

/** Splits texts into groups whose sum fits a row; a text that is too long alone is left out. */
function boundedGroups(texts: readonly string[]): string[][] {
  const groups: string[][] = [];
  let group: string[] = [];
  let length = 0;
  for (const text of texts) {
    if (text.length > LOG_ROW_LENGTH_MAX) continue;
    if (length + text.length > LOG_ROW_LENGTH_MAX) {
      groups.push(group);
      group = [];
      length = 0;
    }
    group.push(text);
    length += text.length;
  }
  return group.length === 0 ? groups : [...groups, group];
}
