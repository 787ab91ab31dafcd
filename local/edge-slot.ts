import { DRAIN_MS, type EdgeProcess } from "./edge.ts";
import type { JournalBook } from "./journal-book.ts";
import { sampleProcess } from "./processes.ts";
import type { Warden } from "./warden.ts";
import {
  beginWatch,
  decide,
  decideDraining,
  FIRST_ANSWER_MS,
  respawnPauseMs,
  type DrainState,
  type MemoryLimits,
  type WatchState,
} from "./watchdog.ts";

/** Pause between two looks at whether a process that finishes its requests has any left, in milliseconds. */
const IDLE_LOOK_MS = 1_000;
/** Pause after a recycling whose new process did not start, in milliseconds. */
const RECYCLE_RETRY_MS = 30_000;

export interface SlotOptions {
  name: string;
  memory: MemoryLimits;
  /** Starts a process on the slot's sockets. */
  spawn: (name: string) => EdgeProcess;
  shared: SharedBySlots;
  warden: Warden;
  /** Whether it stands in for silent edges. */
  standIn: boolean;
  /** How many public connections a process holds; null where nobody can say. */
  connectionsOf: (pid: number) => number | null;
  /** Told in one line what the watchdog did. */
  onReplaced: (text: string) => void;
  /** Told of a process that ended through what ran in it, and whether that left nobody serving, before it is replaced. */
  onDeath: (process: EdgeProcess, outage: boolean) => void;
}

/** What the slots know in common. */
export interface SharedBySlots {
  /** One of them is recycling now; two must not at once. */
  recycling: boolean;
  /** Least processor time that a process took until its first answer, in milliseconds; null before the first one. */
  startCpuMs: number | null;
}

/** A process and what the watchdog remembers of it. */
interface Watched {
  process: EdgeProcess;
  state: WatchState;
  answeredAt: number | null;
  asking: boolean;
  /** Stopped until it is needed. */
  resting: boolean;
  /** Killed or ended: nothing more is to be done about it. */
  gone: boolean;
}

/** The place of one edge: a process that serves, and whatever it takes that there is always one. */
export class EdgeSlot {
  /** Resolves to whether the first process came to answer. */
  readonly ready: Promise<boolean>;
  readonly #options: SlotOptions;
  #serving: Watched;
  #started = 0;
  #failedStarts = 0;
  #stopped = false;
  /** Finishes its requests after a recycling. */
  #draining: { process: EdgeProcess; state: DrainState } | null = null;

  constructor(options: SlotOptions) {
    this.#options = options;
    this.#serving = this.#spawn();
    this.#replaceWhenEnded(this.#serving);
    this.ready = this.#serving.process.ready;
  }

  get pid(): number {
    return this.#serving.process.pid;
  }

  /** Whether its process is stopped until it is woken. */
  get resting(): boolean {
    return this.#serving.resting;
  }

  /** Time since its process last answered, in milliseconds; without end while there is none that ever did. */
  silentMs(now: number): number {
    const { gone, answeredAt } = this.#serving;
    return gone || answeredAt === null ? Infinity : now - answeredAt;
  }

  /** Stops its process, which then does nothing and costs nothing but its memory. */
  rest(): void {
    this.#serving.resting = true;
    this.#serving.process.pause(true);
  }

  /** Lets a resting process go on; what it missed is not held against it. */
  wake(now: number): void {
    const watched = this.#serving;
    if (!watched.resting) return;
    watched.resting = false;
    // While it was stopped it could not listen; and what waits for it may be what it must not run.
    this.order();
    watched.process.pause(false);
    const cpuThenMs = sampleProcess(watched.process.pid)?.cpuMs ?? 0;
    watched.state = { ...beginWatch(now), answeredEver: true, cpuThenMs };
  }

  /** Which runs go on in its process. */
  get book(): JournalBook {
    return this.#serving.process.book;
  }

  /** Tells its process what holds now about orgs that end edges; one that is stopped is told when it is woken. */
  order(): void {
    const { process, resting, gone } = this.#serving;
    const { warden, standIn } = this.#options;
    if (!resting && !gone) process.order(warden.orders(Date.now(), standIn));
  }

  /** Replaces nothing any more. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * One look at the process, and what follows from it.
   *
   * @param alone whether no other edge serves now.
   */
  look(now: number, alone: boolean): void {
    this.#lookAtDraining(now);
    const watched = this.#serving;
    if (watched.gone || watched.resting) return;
    this.#askForBeat(watched);
    const seen = sampleProcess(watched.process.pid);
    const { shared, memory, name } = this.#options;
    const sample = {
      answeredAt: watched.answeredAt,
      cpuMs: seen?.cpuMs ?? null,
      residentBytes: seen?.residentBytes ?? null,
      ...shared,
      alone,
    };
    const { state, action } = decide(watched.state, sample, now, memory);
    if (state.answeredEver && !watched.state.answeredEver && seen !== null) {
      shared.startCpuMs = Math.min(shared.startCpuMs ?? Infinity, seen.cpuMs);
    }
    watched.state = state;
    if (action.kind === "kill") {
      watched.gone = true;
      watched.process.kill();
      this.#options.onReplaced(`${name} is ${action.reason}: killed and replaced`);
      this.#options.onDeath(watched.process, alone);
    } else if (action.kind === "recycle") {
      void this.#recycle(watched);
    }
  }

  #lookAtDraining(now: number): void {
    const draining = this.#draining;
    if (draining === null) return;
    const seen = sampleProcess(draining.process.pid);
    if (seen === null) return;
    const { state, kill } = decideDraining(draining.state, seen, now, this.#options.memory);
    draining.state = state;
    if (!kill) return;
    this.#draining = null;
    draining.process.kill();
    this.#options.onDeath(draining.process, false);
  }

  #spawn(): Watched {
    const process = this.#options.spawn(`${this.#options.name}-${this.#started++}`);
    return {
      process,
      state: beginWatch(performance.now()),
      answeredAt: null,
      asking: false,
      resting: false,
      gone: false,
    };
  }

  /** Puts another process in the place of one that ended. */
  #replaceWhenEnded(watched: Watched): void {
    void watched.process.ended.then((byItself) => {
      const killed = watched.gone;
      watched.gone = true;
      if (!killed && byItself && !this.#stopped) {
        this.#options.onReplaced(`${this.#options.name} has ended by itself: replaced`);
        this.#options.onDeath(watched.process, false);
      }
      this.#failedStarts = killed || watched.state.answeredEver ? 0 : this.#failedStarts + 1;
      const pauseMs = respawnPauseMs(this.#failedStarts);
      if (pauseMs === 0) this.#takeOver(watched);
      else setTimeout(() => this.#takeOver(watched), pauseMs);
    });
  }

  #takeOver(ended: Watched): void {
    if (this.#stopped || this.#serving !== ended) return;
    this.#serving = this.#spawn();
    this.#replaceWhenEnded(this.#serving);
  }

  #askForBeat(watched: Watched): void {
    if (watched.asking) return;
    watched.asking = true;
    const answered = (): void => {
      watched.answeredAt = performance.now();
      watched.asking = false;
    };
    // Silence is judged by the watchdog, whatever its reason.
    const silent = (): void => {
      watched.asking = false;
    };
    watched.process.beat(FIRST_ANSWER_MS).then(answered, silent);
  }

  /** Left to itself it would wait until the core gives up its RPC connection to it, which it never does. */
  #endIfIdle({ process }: Watched): void {
    if (this.#options.connectionsOf(process.pid) === 0) process.kill();
  }

  /** The new process first, on the same sockets; then the old one finishes what it has. */
  async #recycle(old: Watched): Promise<void> {
    const { shared, name, onReplaced } = this.#options;
    shared.recycling = true;
    const next = this.#spawn();
    const late = setTimeout(() => next.process.kill(), FIRST_ANSWER_MS);
    const ready = await next.process.ready;
    clearTimeout(late);
    if (this.#stopped) return;
    if (!ready) {
      onReplaced(`${name} has grown large and a new process does not start`);
      await new Promise((done) => setTimeout(done, RECYCLE_RETRY_MS).unref());
    } else if (this.#serving === old) {
      this.#serving = next;
      this.#replaceWhenEnded(next);
      old.gone = true;
      onReplaced(`${name} has grown large: replaced, the old process finishes its requests`);
      const cpuThenMs = sampleProcess(old.process.pid)?.cpuMs ?? 0;
      this.#draining = { process: old.process, state: { since: performance.now(), cpuThenMs } };
      const idleLooks = setInterval(() => this.#endIfIdle(old), IDLE_LOOK_MS);
      await old.process.drain(DRAIN_MS);
      clearInterval(idleLooks);
      this.#draining = null;
    } else {
      // The old process died meanwhile and has a successor already.
      next.process.kill();
    }
    shared.recycling = false;
  }
}
