import { MACHINE_CALL_PAUSE_MS, MACHINE_CALL_WAIT_MS, MACHINES_PACED_MAX } from "../../../../contracts/limits.ts";
import { ProviderError } from "../provider-error.ts";

export interface PaceOptions {
  pauseMs?: number;
  waitMs?: number;
  now?: () => number;
  sleep?: (ms: number) => Promise<void>;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Spaces calls about one machine apart, as providers ask for. It holds for one isolate: what several of them call at once,
 * the provider may still refuse, and says then how long to wait.
 */
export class Pace {
  readonly #pauseMs: number;
  readonly #waitMs: number;
  readonly #now: () => number;
  readonly #sleep: (ms: number) => Promise<void>;
  /** When the next call about a machine may be made, in epoch milliseconds; the one that was called longest ago first. */
  readonly #nextAt = new Map<string, number>();

  constructor(options: PaceOptions = {}) {
    this.#pauseMs = options.pauseMs ?? MACHINE_CALL_PAUSE_MS;
    this.#waitMs = options.waitMs ?? MACHINE_CALL_WAIT_MS;
    this.#now = options.now ?? Date.now;
    this.#sleep = options.sleep ?? sleep;
  }

  /** Waits until it is a call's turn. Throws `rate_limited` at once when that is too far away. */
  async turn(machine: string): Promise<void> {
    const now = this.#now();
    const at = Math.max(now, this.#nextAt.get(machine) ?? 0);
    if (at - now > this.#waitMs) {
      throw new ProviderError("rate_limited", "The provider is asked about this machine too often.", {
        retryAfterMs: at - now,
      });
    }
    this.#keep(machine, at + this.#pauseMs);
    if (at > now) await this.#sleep(at - now);
  }

  /** Makes no call about a machine for so many milliseconds, because its provider wants that. */
  hold(machine: string, ms: number): void {
    this.#keep(machine, Math.max(this.#nextAt.get(machine) ?? 0, this.#now() + ms));
  }

  #keep(machine: string, nextAt: number): void {
    this.#nextAt.delete(machine);
    this.#nextAt.set(machine, nextAt);
    if (this.#nextAt.size <= MACHINES_PACED_MAX) return;
    for (const oldest of this.#nextAt.keys()) {
      this.#nextAt.delete(oldest);
      return;
    }
  }
}

/** The one that all drivers of an isolate share. */
export const machinePace = new Pace();
