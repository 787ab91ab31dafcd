import type { ExecutionRecord, LogBatch, LogLine } from "../../../contracts/execution.ts";
import { LOG_BUFFER_RECORDS_MAX } from "../../../contracts/limits.ts";

/**
 * What ran, until the log takes it. Held in memory so that a response never waits for the log;
 * bounded, so that a log that is down costs records (counted) and never memory.
 */
export class LogBuffer {
  #batches = new Map<string, LogBatch>();
  #size = 0;
  #dropped = new Map<string, number>();

  /** Records and lines held. */
  get size(): number {
    return this.#size;
  }

  addRecord(orgId: string, record: ExecutionRecord): void {
    if (this.#size >= LOG_BUFFER_RECORDS_MAX) return this.#drop(orgId);
    this.#size++;
    this.#batch(orgId).records.push(record);
  }

  addLines(orgId: string, executionId: string, lines: LogLine[]): void {
    if (lines.length === 0) return;
    if (this.#size + lines.length > LOG_BUFFER_RECORDS_MAX) return this.#drop(orgId);
    this.#size += lines.length;
    this.#batch(orgId).lines.push({ executionId, lines });
  }

  /** Hands out everything held and begins anew. */
  take(): LogBatch[] {
    for (const [orgId, dropped] of this.#dropped) this.#batch(orgId).dropped += dropped;
    const batches = [...this.#batches.values()];
    this.#batches = new Map();
    this.#dropped = new Map();
    this.#size = 0;
    return batches;
  }

  /** Takes back what could not be delivered, as far as the bound allows. */
  putBack(batches: readonly LogBatch[]): void {
    for (const batch of batches) {
      for (const record of batch.records) this.addRecord(batch.orgId, record);
      for (const { executionId, lines } of batch.lines) this.addLines(batch.orgId, executionId, lines);
      if (batch.dropped > 0) this.#drop(batch.orgId, batch.dropped);
    }
  }

  #batch(orgId: string): LogBatch {
    let batch = this.#batches.get(orgId);
    if (batch === undefined) {
      batch = { orgId, records: [], lines: [], dropped: 0 };
      this.#batches.set(orgId, batch);
    }
    return batch;
  }

  #drop(orgId: string, count = 1): void {
    this.#dropped.set(orgId, (this.#dropped.get(orgId) ?? 0) + count);
  }
}
