import { EdgeSlot, type SlotOptions } from "./edge-slot.ts";

/** Silence of an edge after which somebody else takes its new connections, in milliseconds. */
export const RELIEF_SILENCE_MS = 100;
/** Time without need after which the relief may rest again, in milliseconds. */
const RELIEF_STAY_MS = 1_000;

/**
 * One more edge, on the public sockets of all the others, that is stopped while none of them is in trouble.
 *
 * The kernel gives each new connection to one edge's own socket, which shares the load evenly and would leave the
 * connections of a hung edge waiting until it is replaced. As soon as an edge is silent the relief is woken and takes
 * what waits in its socket's queue: waking a stopped process takes no time, starting one would.
 */
export class Relief {
  readonly #slot: EdgeSlot;
  readonly #connectionsOf: SlotOptions["connectionsOf"];
  readonly #warden: SlotOptions["warden"];
  #ready = false;
  #neededAt = performance.now();

  constructor(options: SlotOptions) {
    this.#slot = new EdgeSlot(options);
    this.#connectionsOf = options.connectionsOf;
    this.#warden = options.warden;
    void this.#slot.ready.then((ready) => (this.#ready = ready));
  }

  /** As of an edge; without end while it rests. */
  silentMs(now: number): number {
    return this.#slot.resting ? Infinity : this.#slot.silentMs(now);
  }

  /** Whether it could serve nobody although it is awake, having been silent for so long, in milliseconds. */
  helpless(now: number, silentMs: number): boolean {
    return !this.#slot.resting && this.#slot.silentMs(now) >= silentMs;
  }

  /** One look: at the edges it stands in for, and at itself. */
  look(now: number, edges: readonly EdgeSlot[], alone: boolean): void {
    const watched = edges.map((edge) => ({ book: edge.book, silent: edge.silentMs(now) >= RELIEF_SILENCE_MS }));
    // What hangs the others may be waiting for this one too.
    if (this.#warden.suspect(watched, Date.now())) this.#slot.order();
    if (watched.some(({ silent }) => silent)) {
      this.#neededAt = now;
      this.#slot.wake(now);
    } else if (this.#ready && !this.#slot.resting && now - this.#neededAt >= RELIEF_STAY_MS) {
      this.#rest(now);
    }
    this.#slot.look(now, alone);
  }

  /** As of an edge. */
  order(): void {
    this.#slot.order();
  }

  /** Replaces nothing any more; a process that rests must be woken to end. */
  stop(): void {
    this.#slot.stop();
    this.#slot.wake(performance.now());
  }

  /** It rests only while nobody is connected to it; one who came in at the last moment wakes it again. */
  #rest(now: number): void {
    if (this.#connectionsOf(this.#slot.pid) !== 0) return;
    this.#slot.rest();
    if (this.#connectionsOf(this.#slot.pid) !== 0) this.#slot.wake(now);
  }
}
