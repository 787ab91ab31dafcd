import type { Outside } from "../org/delivery.ts";

/** One thing that was done outside, in order. */
export type Deed = `${"put" | "delete" | "erase"} ${string}`;

/** An outside in memory that fails on command; shared by the tests and the objects they make. */
class Playground {
  readonly values = new Map<string, string>();
  readonly deeds: Deed[] = [];
  /** Keys that begin so cannot be written or removed. */
  failing: string[] = [];
  /** Held writes go on when the function is called. */
  #gate: Promise<void> = Promise.resolve();

  reset(): void {
    this.values.clear();
    this.deeds.length = 0;
    this.failing = [];
    this.#gate = Promise.resolve();
  }

  /** Makes writes wait until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  async act(deed: Deed, key: string): Promise<void> {
    await this.#gate;
    if (this.failing.some((prefix) => key.startsWith(prefix))) throw new Error(`cannot ${deed}`);
    this.deeds.push(deed);
  }
}

export const playground = new Playground();

export const playgroundOutside: Outside = {
  projections: {
    get: async (key) => playground.values.get(key) ?? null,
    put: async (key, value) => {
      await playground.act(`put ${key}`, key);
      playground.values.set(key, value);
    },
    delete: async (key) => {
      await playground.act(`delete ${key}`, key);
      playground.values.delete(key);
    },
  },
  eraseLog: (orgId) => playground.act(`erase ${orgId}`, `log:${orgId}`),
};
