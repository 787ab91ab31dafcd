import type { DispatchDoor, InvokeRequest, InvokeResponse } from "../doors.ts";
import { PlatformError } from "../errors.ts";
import type { DeliverRequest, DeliverResult } from "../events/dispatch.ts";
import { guard } from "./guard.ts";
import { DISPATCH_RULES } from "./rules.ts";

const DISPATCH_BINDING = /^DISPATCH(?:_[0-9]+)?$/;

/** Every place that runs scripts: the bindings `DISPATCH`, or `DISPATCH_0`, `DISPATCH_1`, … of a Worker's environment. */
export class Edges {
  readonly #doors: DispatchDoor[];

  constructor(env: object) {
    this.#doors = Object.entries(env)
      .filter(([name]) => DISPATCH_BINDING.test(name))
      .map(([, door]) => guard(door as DispatchDoor, "The edge", DISPATCH_RULES));
  }

  /** Runs a script at any one of them. */
  invoke(request: InvokeRequest): Promise<InvokeResponse> {
    return this.#any().invoke(request);
  }

  /** Has any one of them handle an event. */
  deliver(request: DeliverRequest): Promise<DeliverResult> {
    return this.#any().deliver(request);
  }

  /** Has all of them look an org up, so that a run of it that comes soon need not wait for that. Never fails. */
  async warm(slug: string): Promise<void> {
    await Promise.allSettled(this.#doors.map((door) => door.warm(slug)));
  }

  /** Tells all of them to read an org anew, so that a change is live when the caller hears of it. Never fails. */
  async forget(slug: string): Promise<void> {
    await Promise.allSettled(this.#doors.map((door) => door.forget(slug)));
  }

  /** Tells all of them to read a domain anew, and every host under it. Never fails. */
  async forgetDomain(hostname: string): Promise<void> {
    await Promise.allSettled(this.#doors.map((door) => door.forgetDomain(hostname)));
  }

  #any(): DispatchDoor {
    const door = this.#doors[Math.floor(Math.random() * this.#doors.length)];
    if (door === undefined)
      throw new PlatformError("unavailable", "No edge is there to run scripts.", { begun: false });
    return door;
  }
}
