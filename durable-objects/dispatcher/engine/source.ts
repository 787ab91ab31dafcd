import type { DeliveryRow } from "./deliveries.ts";

/** What one trigger, or the runs that nobody waits for, has to deliver, as far as it is in memory. */
export class Source {
  readonly id: string;
  /** Next in turn, in order. */
  readonly queue: DeliveryRow[] = [];
  /** When something of it that is not in memory is due, at the earliest; null for nothing. */
  nextAt: number | null = null;
  /** Under way now. */
  underWay = 0;
  /** Whether it has its turn coming. */
  inTurn = false;

  constructor(id: string) {
    this.id = id;
  }

  /** Something of it that is not in memory is due then. */
  dueBy(at: number): void {
    this.nextAt = this.nextAt === null ? at : Math.min(this.nextAt, at);
  }

  /** Whether it may have something to deliver now. */
  isDue(now: number): boolean {
    return this.queue.length > 0 || (this.nextAt !== null && this.nextAt <= now);
  }
}
