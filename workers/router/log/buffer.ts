import type { ExecutionRecord, LogBatch, LogLine, LogSegment } from "../../../contracts/execution.ts";
import { LOG_BUFFER_LENGTH_MAX, LOG_BUFFER_RECORDS_MAX } from "../../../contracts/limits.ts";
import { LogBatchWriter } from "../../../contracts/log-batch.ts";

/**
 * What ran, until the log takes it. Held in memory so that a response never waits for the log;
 * bounded, so that a log that is down costs records (counted) and never memory. What one delivery
 * carries is bounded with it.
 */
export class LogBuffer {
  #writers = new Map<string, LogBatchWriter>();
  /** What came back undelivered; it is text already. */
  #returned: LogBatch[] = [];
  #dropped = new Map<string, number>();
  #size = 0;
  #length = 0;

  /** Records and lines held. */
  get size(): number {
    return this.#size;
  }

  addRecord(orgId: string, record: ExecutionRecord): void {
    if (!this.#hasRoomFor(1)) return this.#drop(orgId, 1);
    this.#write(orgId, (writer) => writer.addRecord(record));
  }

  addLines(orgId: string, executionId: string, lines: LogLine[]): void {
    if (lines.length === 0) return;
    if (!this.#hasRoomFor(lines.length)) return this.#drop(orgId, 1);
    this.#write(orgId, (writer) => writer.addLines(executionId, lines));
  }

  /** Hands out everything held and begins anew. */
  take(): LogBatch[] {
    for (const [orgId, dropped] of this.#dropped) this.#writerOf(orgId).addDropped(dropped);
    const batches = this.#returned;
    for (const [orgId, writer] of this.#writers) batches.push(writer.finish(orgId));
    this.#writers = new Map();
    this.#returned = [];
    this.#dropped = new Map();
    this.#size = 0;
    this.#length = 0;
    return batches;
  }

  /** Takes back what could not be delivered, as far as the bound allows: whole segments, or none. */
  putBack(batches: readonly LogBatch[]): void {
    for (const batch of batches) {
      const segments = batch.segments.filter(({ count, records }) => this.#reserve(count, records.length));
      const lineCount = batch.count - countOf(batch.segments);
      const lines = this.#reserve(lineCount, lengthOf(batch.lines)) ? batch.lines : [];
      const count = countOf(segments) + (lines === batch.lines ? lineCount : 0);
      this.#drop(batch.orgId, batch.dropped + batch.count - count);
      if (count > 0) this.#returned.push({ orgId: batch.orgId, segments, lines, count, dropped: 0 });
    }
  }

  /** Makes room for what comes back; false where there is none. */
  #reserve(count: number, length: number): boolean {
    if (!this.#hasRoomFor(count, length)) return false;
    this.#size += count;
    this.#length += length;
    return true;
  }

  #write(orgId: string, write: (writer: LogBatchWriter) => void): void {
    const writer = this.#writerOf(orgId);
    const { count, length } = writer;
    write(writer);
    this.#size += writer.count - count;
    this.#length += writer.length - length;
  }

  #hasRoomFor(count: number, length = 0): boolean {
    return this.#size + count <= LOG_BUFFER_RECORDS_MAX && this.#length + length <= LOG_BUFFER_LENGTH_MAX;
  }

  #writerOf(orgId: string): LogBatchWriter {
    let writer = this.#writers.get(orgId);
    if (writer === undefined) {
      writer = new LogBatchWriter();
      this.#writers.set(orgId, writer);
    }
    return writer;
  }

  #drop(orgId: string, count: number): void {
    if (count === 0) return;
    this.#dropped.set(orgId, (this.#dropped.get(orgId) ?? 0) + count);
  }
}

const countOf = (segments: readonly LogSegment[]): number => segments.reduce((sum, { count }) => sum + count, 0);
const lengthOf = (texts: readonly string[]): number => texts.reduce((sum, { length }) => sum + length, 0);
