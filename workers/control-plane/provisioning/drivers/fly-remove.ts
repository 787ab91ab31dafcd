import { FLY_CONFIRM_MS, FLY_CONFIRM_PAUSE_MS, FLY_WAIT_S } from "../../../../contracts/limits.ts";
import { ProviderError } from "../provider-error.ts";
import type { FlyApi, MachinePath } from "./fly-api.ts";
import { type FlyClock, withLease } from "./fly-lease.ts";
import { isUsable } from "./fly-states.ts";

/** Removes things at Fly.io. Each returns when the thing is confirmed absent, and may be repeated. */
export class FlyRemoval {
  readonly #api: FlyApi;
  readonly #organisation: string;
  readonly #clock: FlyClock;

  constructor(api: FlyApi, organisation: string, clock: FlyClock) {
    this.#api = api;
    this.#organisation = organisation;
    this.#clock = clock;
  }

  async machine(machine: MachinePath): Promise<void> {
    const found = await this.#api.findMachine(machine);
    if (found === null || found.state === "destroyed") return;
    // What is on its way out gives no lease any more.
    if (found.state !== "destroying") await this.#destroy(machine);
    await this.#api.waitFor(machine, "destroyed", FLY_WAIT_S, found.instance_id ?? null);
    await this.#confirm("machine", async () => {
      const left = await this.#api.findMachine(machine);
      return left === null || left.state === "destroyed";
    });
  }

  /** A volume counts as absent, too, when Fly.io has it to be removed for good: nothing can mount it any more. */
  async volume(app: string, id: string): Promise<void> {
    const isGone = async (): Promise<boolean> => {
      const found = await this.#api.findVolume(app, id);
      return found === null || !isUsable(found);
    };
    if (await isGone()) return;
    const until = this.#clock.now() + FLY_CONFIRM_MS;
    for (;;) {
      try {
        await this.#api.deleteVolume(app, id);
        break;
      } catch (error) {
        // The machine that is gone may hold it for a moment.
        if (!(error instanceof ProviderError) || error.code !== "refused") throw error;
        if (this.#clock.now() >= until) throw error;
        await this.#clock.sleep(FLY_CONFIRM_PAUSE_MS);
      }
    }
    await this.#confirm("volume", isGone);
  }

  async app(name: string): Promise<void> {
    await this.#api.deleteApp(name);
    await this.#confirm("app", () => this.#api.isGone(name, this.#organisation));
  }

  /** An app with everything in it; the app last, so that what is left of a removal that was cut off can be found. */
  async everything(app: string): Promise<void> {
    for (const { id } of (await this.#api.listMachines(app)) ?? []) await this.machine({ app, id });
    for (const { id } of (await this.#api.listVolumes(app)) ?? []) await this.volume(app, id);
    await this.app(app);
  }

  async #destroy(machine: MachinePath): Promise<void> {
    try {
      await withLease(this.#api, this.#clock, machine, (nonce) => this.#api.deleteMachine(machine, nonce));
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== "not_found") throw error;
    }
  }

  async #confirm(what: string, isGone: () => Promise<boolean>): Promise<void> {
    const until = this.#clock.now() + FLY_CONFIRM_MS;
    while (!(await isGone())) {
      if (this.#clock.now() >= until) throw new ProviderError("unavailable", `Fly.io has not removed the ${what} yet.`);
      await this.#clock.sleep(FLY_CONFIRM_PAUSE_MS);
    }
  }
}
