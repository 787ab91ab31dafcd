import { ALARM_RETRY_MS } from "../contracts/limits.ts";

/** Something an object wants to be woken for. */
export interface WakeUp {
  /** When it is due, in epoch milliseconds; null while there is nothing to do. Read from storage. */
  dueAt(): number | null;
  run(now: number): Promise<void>;
}

/** The part of an object's storage that holds its alarm. */
export type AlarmStorage = Pick<DurableObjectStorage, "setAlarm" | "deleteAlarm">;

/**
 * Owner of an object's single alarm. Every reason to wake has a name; the alarm stands at the
 * earliest of them, and is removed when none is left.
 */
export class Alarms {
  readonly #storage: AlarmStorage;
  readonly #wakeUps: Record<string, WakeUp>;
  /** Null as well where one may be left from before a start: it rings once, finds nothing, and is gone. */
  #armedAt: number | null = null;

  constructor(storage: AlarmStorage, wakeUps: Record<string, WakeUp>) {
    this.#storage = storage;
    this.#wakeUps = wakeUps;
  }

  /**
   * Sets the alarm for the earliest wake-up, though not before `notBefore`. The storage is told
   * before this function first yields, hence together with the writes that stand before the call.
   */
  async arm(notBefore: number): Promise<void> {
    const at = this.#dueAt(notBefore);
    if (at === this.#armedAt) return;
    this.#armedAt = at;
    await (at === null ? this.#storage.deleteAlarm() : this.#storage.setAlarm(at));
  }

  /** Whether the alarm rings no later than anything is due; it may ring too early then, find nothing, and be set anew. */
  isEarlyEnough(notBefore: number): boolean {
    const at = this.#dueAt(notBefore);
    return at === null || (this.#armedAt !== null && this.#armedAt <= at);
  }

  /** Runs what is due and arms again. Never throws: the platform gives up on alarms that keep throwing. */
  async fire(now: number): Promise<void> {
    this.#armedAt = null;
    let notBefore = now;
    for (const [name, wakeUp] of Object.entries(this.#wakeUps)) {
      const dueAt = wakeUp.dueAt();
      if (dueAt === null || dueAt > now) continue;
      try {
        await wakeUp.run(now);
      } catch (error) {
        console.error(`wake-up ${name} failed`, error);
        notBefore = now + ALARM_RETRY_MS;
      }
    }
    await this.arm(notBefore);
  }

  #dueAt(notBefore: number): number | null {
    const due = Object.values(this.#wakeUps).flatMap((wakeUp) => wakeUp.dueAt() ?? []);
    return due.length === 0 ? null : Math.max(Math.min(...due), notBefore);
  }
}
