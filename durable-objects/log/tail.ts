import type { ExecutionFilter, TailEvent } from "../../contracts/doors.ts";
import { TAIL_QUEUE_BYTES_MAX } from "../../contracts/limits.ts";

const encoder = new TextEncoder();
/** Room that a queue which was full needs before it is filled again, in bytes; else it would stutter. */
const ROOM_BYTES_MIN = TAIL_QUEUE_BYTES_MAX / 2;

/**
 * One reader of a live log. What it is told waits in a bounded queue; once that is full it is told how
 * much it missed, and whoever tells it never waits.
 */
export class Tail {
  readonly filter: ExecutionFilter;
  readonly stream: ReadableStream<Uint8Array>;
  readonly #shown = new Set<string>();
  #controller: ReadableByteStreamController | null = null;
  #missed = 0;

  constructor(filter: ExecutionFilter, onGone: () => void) {
    this.filter = filter;
    this.stream = new ReadableStream(
      {
        type: "bytes",
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => {
          this.#controller = null;
          onGone();
        },
      },
      { highWaterMark: TAIL_QUEUE_BYTES_MAX },
    );
  }

  /** Whether this reader was told of an execution. */
  hasShown(executionId: string): boolean {
    return this.#shown.has(executionId);
  }

  /** Forgets an execution; no more lines of it are told. */
  forget(executionId: string): void {
    this.#shown.delete(executionId);
  }

  tell(event: TailEvent): void {
    if (!this.#flushMissed() || !this.#write(event)) this.miss(1);
    else if (event.type === "execution") this.#shown.add(event.execution.id);
  }

  /** Counts what this reader is not told. */
  miss(count: number): void {
    this.#missed += count;
  }

  /** Says that the reader is still thought of; what it missed first. */
  ping(): void {
    if (this.#flushMissed()) this.#write({ type: "ping" });
  }

  end(): void {
    const controller = this.#controller;
    this.#controller = null;
    controller?.close();
  }

  #flushMissed(): boolean {
    if (this.#missed === 0) return true;
    if (this.#room < ROOM_BYTES_MIN || !this.#write({ type: "missed", count: this.#missed })) return false;
    this.#missed = 0;
    return true;
  }

  #write(event: TailEvent): boolean {
    const bytes = encoder.encode(`${JSON.stringify(event)}\n`);
    if (bytes.byteLength > this.#room) return false;
    this.#controller?.enqueue(bytes);
    return true;
  }

  /** Bytes that the queue still takes. */
  get #room(): number {
    return this.#controller?.desiredSize ?? 0;
  }
}
