import { platformErrorOf } from "../../../contracts/errors.ts";
import type { DeliverRequest, DeliverResult } from "../../../contracts/events/dispatch.ts";
import { SATURATED_PAUSE_MS } from "../../../contracts/limits.ts";
import type { Outside } from "../outside.ts";
import type { Backlog } from "./backlog.ts";
import type { DeliveryRow } from "./deliveries.ts";
import type { Ended } from "./part.ts";
import { Window } from "./window.ts";

/** An attempt that has ended and is to be written down. */
export interface Made {
  row: DeliveryRow;
  startedAt: number;
  endedAt: number;
  result: Ended;
}

/** What the pump needs beside what waits. */
export interface PumpDeps {
  backlog: Backlog;
  outside: Pick<Outside, "deliver" | "chance">;
  /** What to ask an edge for; null when the delivery is nobody's any more. */
  request(row: DeliveryRow): DeliverRequest | null;
  /** Called for every attempt that has ended. */
  made(made: Made): void;
}

/**
 * Has what is due delivered, many at once, and the next one as soon as one has ended. It knows nothing of storage:
 * after a restart all that has not ended is due again.
 */
export class Pump {
  readonly #deps: PumpDeps;
  readonly #window = new Window();
  #underWay = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt = 0;

  constructor(deps: PumpDeps) {
    this.#deps = deps;
  }

  /** Starts as many as may be under way. */
  fill(): void {
    const { backlog } = this.#deps;
    const now = Date.now();
    while (backlog.isReady(now)) {
      if (!this.#window.enter(this.#underWay, now)) {
        this.#fillAt(this.#window.probeAt, now);
        return;
      }
      const row = backlog.take(now);
      if (row === null) return;
      const request = this.#deps.request(row);
      if (request === null) backlog.letGo(row, null);
      else void this.#attempt(row, request);
    }
  }

  async #attempt(row: DeliveryRow, request: DeliverRequest): Promise<void> {
    const startedAt = Date.now();
    this.#underWay += 1;
    const result = await this.#deliver(request, startedAt);
    this.#underWay -= 1;
    if (result.outcome === "saturated") {
      this.#window.refused(this.#underWay, result.retryAfterMs, Date.now(), this.#deps.outside.chance());
      this.#deps.backlog.giveBack(row);
    } else {
      this.#window.admitted();
      this.#deps.backlog.freePlace(row);
      this.#deps.made({ row, startedAt, endedAt: Date.now(), result });
    }
    this.fill();
  }

  async #deliver(request: DeliverRequest, startedAt: number): Promise<DeliverResult> {
    try {
      return await this.#deps.outside.deliver(request);
    } catch (error) {
      return resultOf(error, startedAt);
    }
  }

  /** The window may open by itself; the object's alarm stands behind this. */
  #fillAt(at: number, now: number): void {
    if (at <= now || (this.#timer !== null && this.#timerAt === at)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.fill();
    }, at - now);
  }
}

/** What a call that did not come back means for the delivery. */
function resultOf(error: unknown, startedAt: number): DeliverResult {
  const refusal = platformErrorOf(error);
  // Nobody took the call, so nothing has run.
  if (refusal?.details["begun"] === false) return { outcome: "saturated", retryAfterMs: SATURATED_PAUSE_MS };
  return {
    outcome: "failed",
    executionId: null,
    durationMs: Date.now() - startedAt,
    code: refusal?.code ?? "internal",
    message:
      refusal === null
        ? `The edge failed: ${error instanceof Error ? error.message : String(error)}`
        : "The edge was lost while the script may have been running.",
  };
}
