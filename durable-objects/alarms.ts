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
    const due = Object.values(this.#wakeUps).flatMap((wakeUp) => wakeUp.dueAt() ?? []);
    const at = due.length === 0 ? null : Math.max(Math.min(...due), notBefore);
    if (at === this.#armedAt) return;
    this.#armedAt = at;
    await (at === null ? this.#storage.deleteAlarm() : this.#storage.setAlarm(at));
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
}
