import { PlatformError } from "../../../contracts/errors.ts";
import { STATE_CALL_MS, STATE_CALLS_COMBINED_MAX, STATE_CALLS_IN_FLIGHT_MAX } from "../../../contracts/limits.ts";

/**
 * How long a caller waits: for those before it, and for its own. The runtime takes a request that waits for nothing but
 * another request's promise for one that hangs, and ends it; a timer of its own keeps it from that.
 */
const WAIT_MS = 2 * STATE_CALL_MS;

const late = (): PlatformError =>
  new PlatformError("unavailable", "The state does not answer right now. Try again in a moment.", {
    retryAfterSeconds: 1,
  });

/** A call and who waits for it. */
interface Waiting<C, R> {
  call: C;
  resolve: (result: R) => void;
  reject: (error: unknown) => void;
}

/** Calls that go out together. */
interface Batch<C, R> {
  waiting: Waiting<C, R>[];
  size: number;
}

export interface CombinerOptions<C, R> {
  /** Makes several calls in one; answers as many results, in their order. */
  send: (calls: C[]) => Promise<R[]>;
  /** Weight of a call, in whatever unit; calls go together up to `sizeMax`. */
  sizeOf: (call: C) => number;
  sizeMax: number;
}

/**
 * Makes calls of one kind together that come while others are under way: a call costs two processes about as much
 * as what it asks for, so that under load many together cost little more than one. A call that comes alone goes at once.
 *
 * Calls are those of different requests, and a promise lives and dies with the request that made it: so each caller waits
 * for one of its own, and the first of a batch, which sends it, has to stay alive until it has told the others.
 */
export class Combiner<C, R> {
  readonly #options: CombinerOptions<C, R>;
  #inFlight = 0;
  #next: Batch<C, R> | null = null;
  #waitingForRoom: (() => void)[] = [];
  #isStuck = false;

  constructor(options: CombinerOptions<C, R>) {
    this.#options = options;
  }

  /** Whether nothing is under way. */
  get isIdle(): boolean {
    return this.#inFlight === 0 && this.#next === null;
  }

  /** Whether somebody has waited in vain: a batch may have gone down with the request that was to send it. */
  get isStuck(): boolean {
    return this.#isStuck;
  }

  /**
   * Makes a call.
   *
   * @param keepAlive is given what has to be waited for even when the caller has gone.
   */
  call(call: C, keepAlive: (work: Promise<void>) => void): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const { sizeOf, sizeMax } = this.#options;
      const timer = setTimeout(() => {
        this.#isStuck = true;
        reject(late());
      }, WAIT_MS);
      const waiting: Waiting<C, R> = {
        call,
        resolve: (result) => {
          clearTimeout(timer);
          resolve(result);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      const size = sizeOf(call);
      const next = this.#next;
      if (next !== null && next.waiting.length < STATE_CALLS_COMBINED_MAX && next.size + size <= sizeMax) {
        next.waiting.push(waiting);
        next.size += size;
        return;
      }
      const batch = { waiting: [waiting], size };
      this.#next = batch;
      keepAlive(this.#lead(batch));
    });
  }

  /** Sends a batch when there is room, and tells everybody in it; never rejects. */
  async #lead(batch: Batch<C, R>): Promise<void> {
    while (this.#inFlight >= STATE_CALLS_IN_FLIGHT_MAX) {
      await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve));
    }
    if (this.#next === batch) this.#next = null;
    this.#inFlight += 1;
    try {
      const results = await this.#options.send(batch.waiting.map(({ call }) => call));
      for (const [index, { resolve, reject }] of batch.waiting.entries()) {
        const result = results[index];
        if (result === undefined) reject(new Error("A call that was made together with others has no result."));
        else resolve(result);
      }
    } catch (error) {
      for (const { reject } of batch.waiting) reject(error);
    } finally {
      this.#inFlight -= 1;
      this.#waitingForRoom.shift()?.();
    }
  }
}
