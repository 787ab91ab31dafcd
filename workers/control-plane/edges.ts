import type { DispatchDoor, InvokeRequest, InvokeResponse } from "../../contracts/doors.ts";
import { PlatformError } from "../../contracts/errors.ts";
import type { ControlPlaneEnv } from "./env.ts";
import { DISPATCH_RULES, guard } from "./rpc.ts";

const DISPATCH_BINDING = /^DISPATCH(?:_[0-9]+)?$/;

/** Every place that runs scripts. */
export class Edges {
  readonly #doors: DispatchDoor[];

  constructor(env: ControlPlaneEnv) {
    this.#doors = Object.entries(env)
      .filter(([name]) => DISPATCH_BINDING.test(name))
      .map(([, door]) => guard(door as DispatchDoor, "The edge", DISPATCH_RULES));
  }

  /** Runs a script at any one of them. */
  invoke(request: InvokeRequest): Promise<InvokeResponse> {
    const door = this.#doors[Math.floor(Math.random() * this.#doors.length)];
    if (door === undefined) throw new PlatformError("unavailable", "No edge is there to run scripts.");
    return door.invoke(request);
  }

  /** Tells all of them to read an org anew, so that a change is live when the caller hears of it. Never fails. */
  async forget(slug: string): Promise<void> {
    await Promise.allSettled(this.#doors.map((door) => door.forget(slug)));
  }
}
