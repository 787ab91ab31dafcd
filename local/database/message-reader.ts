import type { Readable } from "node:stream";

import { DATABASE_MESSAGE_BYTES_MAX } from "../../contracts/limits.ts";

/** Longest start-up message, in bytes: PostgreSQL's own bound. */
const STARTUP_BYTES_MAX = 10_000;

/** A message of a client: its type, and all of its bytes with the frame. */
export interface ClientMessage {
  type: string;
  bytes: Buffer;
}

/** A client broke the protocol; its connection ends. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** Cuts what a client sends into the messages of PostgreSQL's protocol, however the bytes arrive. */
export class MessageReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** The next start-up message: its code and body; null when the client is gone. */
  async readStartup(): Promise<{ code: number; body: Buffer } | null> {
    const length = await this.#readLength(0, STARTUP_BYTES_MAX, 8);
    if (length === null) return null;
    const bytes = await this.#read(length);
    return bytes === null ? null : { code: bytes.readInt32BE(4), body: bytes.subarray(8) };
  }

  /**
   * The next message; null when the client is gone.
   *
   * @throws ProtocolError when its length cannot be.
   */
  async read(): Promise<ClientMessage | null> {
    const length = await this.#readLength(1, DATABASE_MESSAGE_BYTES_MAX, 4);
    if (length === null) return null;
    const bytes = await this.#read(1 + length);
    return bytes === null ? null : { type: String.fromCharCode(bytes[0]!), bytes };
  }

  /** All that comes from here on, uncut. */
  async *rest(): AsyncGenerator<Buffer> {
    while (await this.#fill(1)) yield this.#take(this.#waitingBytes);
  }

  /** Looks at the length at an offset without taking it. */
  async #readLength(offset: number, max: number, min: number): Promise<number | null> {
    if (!(await this.#fill(offset + 4))) return null;
    const length = this.#joined().readInt32BE(offset);
    if (length < min || length > max) throw new ProtocolError(`a message of ${length} bytes`);
    return length;
  }

  async #read(size: number): Promise<Buffer | null> {
    return (await this.#fill(size)) ? this.#take(size) : null;
  }

  #take(size: number): Buffer {
    const all = this.#joined();
    this.#waiting = size < all.length ? [all.subarray(size)] : [];
    this.#waitingBytes = all.length - size;
    return all.subarray(0, size);
  }

  #joined(): Buffer {
    if (this.#waiting.length !== 1) this.#waiting = [Buffer.concat(this.#waiting)];
    return this.#waiting[0]!;
  }

  async #fill(size: number): Promise<boolean> {
    while (this.#waitingBytes < size) {
      try {
        const next = await this.#chunks.next();
        if (next.done === true) return false;
        this.#waiting.push(next.value);
        this.#waitingBytes += next.value.length;
      } catch {
        // A connection that broke off is a client that is gone.
        return false;
      }
    }
    return true;
  }
}
