import type { ExecutionDetail, ExecutionFilter } from "../../contracts/doors.ts";
import { PlatformError } from "../../contracts/errors.ts";
import type { ExecutionRecord, LogBatch, LogLine } from "../../contracts/execution.ts";
import {
  TAIL_LIFE_MS,
  TAIL_PING_INTERVAL_MS,
  TAIL_RECENT_EXECUTIONS_MAX,
  TAIL_RECORDS_PER_APPEND_MAX,
  TAILS_PER_ORG_MAX,
} from "../../contracts/limits.ts";
import { matchesFacts, matchesText } from "./filter.ts";
import { readRecords } from "./record.ts";
import { Tail } from "./tail.ts";

/** Time that a stream has to learn that nobody reads it any more, in milliseconds. */
const GOODBYE_MS = 100;

/** Where a log finds the console lines that it has of an execution. */
type LinesOf = (executionId: string) => LogLine[];

/** Everybody who follows one org's log. Costs nothing while that is nobody. */
export class Tails {
  readonly #tails = new Map<Tail, { endsAt: number }>();
  /** What ran of late, so that lines that come after their record find it. */
  readonly #recent = new Map<string, ExecutionRecord>();
  #pulse: ReturnType<typeof setInterval> | null = null;

  /** Begins to tell what runs. Throws `too_many_requests`. */
  async open(filter: ExecutionFilter, now: number): Promise<ReadableStream<Uint8Array>> {
    if (this.#tails.size >= TAILS_PER_ORG_MAX) {
      // That a reader has gone shows once it is spoken to.
      this.pulse(now);
      await scheduler.wait(GOODBYE_MS);
    }
    if (this.#tails.size >= TAILS_PER_ORG_MAX) {
      throw new PlatformError(
        "too_many_requests",
        `This org's log is followed by ${TAILS_PER_ORG_MAX} already. End one of them, or read the list.`,
        { limit: TAILS_PER_ORG_MAX, retryAfterSeconds: TAIL_PING_INTERVAL_MS / 1_000 },
      );
    }
    const tail = new Tail(filter, () => this.#remove(tail));
    this.#tails.set(tail, { endsAt: now + TAIL_LIFE_MS });
    this.#pulse ??= setInterval(() => this.pulse(Date.now()), TAIL_PING_INTERVAL_MS);
    // Its reader learns at once that it is heard.
    tail.ping();
    return tail.stream;
  }

  /** Tells of what a batch brought, once it is stored. */
  tell(batch: LogBatch, linesOf: LinesOf): void {
    if (this.#tails.size === 0) return;
    const records = this.#newRecords(batch);
    for (const record of records) {
      this.#remember(record);
      this.#tellExecution(record, () => linesOf(record.id));
    }
    const told = new Set(records.map(({ id }) => id));
    for (const text of batch.lines) {
      for (const [executionId, lines] of JSON.parse(text) as [string, LogLine[]][]) {
        const record = this.#recent.get(executionId);
        if (record !== undefined && !told.has(executionId)) this.#tellLines(record, lines, () => linesOf(executionId));
      }
    }
  }

  /** Ends those whose time is over, and says to the others that they are thought of. */
  pulse(now: number): void {
    for (const [tail, { endsAt }] of this.#tails) {
      if (endsAt > now) tail.ping();
      else {
        tail.end();
        this.#remove(tail);
      }
    }
  }

  /** Ends all of them. */
  end(): void {
    for (const tail of this.#tails.keys()) tail.end();
    this.#tails.clear();
    this.#rest();
  }

  #newRecords({ segments }: LogBatch): ExecutionRecord[] {
    const records: ExecutionRecord[] = [];
    let left = 0;
    for (const segment of segments) {
      if (records.length >= TAIL_RECORDS_PER_APPEND_MAX) left += segment.count;
      else records.push(...readRecords(segment.records));
    }
    left += Math.max(0, records.length - TAIL_RECORDS_PER_APPEND_MAX);
    if (left > 0) for (const tail of this.#tails.keys()) tail.miss(left);
    return records.slice(0, TAIL_RECORDS_PER_APPEND_MAX).filter(({ id }) => !this.#recent.has(id));
  }

  #tellExecution(record: ExecutionRecord, linesOf: () => LogLine[]): void {
    let execution: ExecutionDetail | null = null;
    const detail = (): ExecutionDetail => (execution ??= { ...record, lines: linesOf() });
    for (const tail of this.#tails.keys()) {
      const { filter } = tail;
      if (!matchesFacts(record, filter) || !matchesText(record, filter.text, () => detail().lines)) continue;
      tail.tell({ type: "execution", execution: detail() });
    }
  }

  /** Lines that come late are told as such, or make their execution one that fits. */
  #tellLines(record: ExecutionRecord, lines: LogLine[], linesOf: () => LogLine[]): void {
    const { id: executionId, versionId } = record;
    for (const tail of this.#tails.keys()) {
      if (tail.hasShown(executionId)) tail.tell({ type: "lines", executionId, versionId, lines });
      else if (matchesFacts(record, tail.filter) && matchesText(record, tail.filter.text, () => lines)) {
        tail.tell({ type: "execution", execution: { ...record, lines: linesOf() } });
      }
    }
  }

  #remember(record: ExecutionRecord): void {
    this.#recent.set(record.id, record);
    if (this.#recent.size <= TAIL_RECENT_EXECUTIONS_MAX) return;
    const [oldest] = this.#recent.keys();
    if (oldest === undefined) return;
    this.#recent.delete(oldest);
    for (const tail of this.#tails.keys()) tail.forget(oldest);
  }

  #remove(tail: Tail): void {
    this.#tails.delete(tail);
    if (this.#tails.size === 0) this.#rest();
  }

  #rest(): void {
    if (this.#pulse !== null) clearInterval(this.#pulse);
    this.#pulse = null;
    this.#recent.clear();
  }
}
