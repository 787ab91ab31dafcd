import type { Outside } from "../org/delivery.ts";

/** One thing that was done outside, in order. */
type Deed = `${"put" | "delete" | "erase"} ${string}`;

/** An outside in memory that fails on command; shared by the tests and the objects they make. */
class Playground {
  readonly values = new Map<string, string>();
  readonly deeds: Deed[] = [];
  /** Keys that begin so cannot be written or removed. */
  failing: string[] = [];
  /** Writes wait while this is true. */
  hanging = false;

  reset(): void {
    this.values.clear();
    this.deeds.length = 0;
    this.failing = [];
    this.hanging = false;
  }

  async act(deed: Deed, key: string): Promise<void> {
    // Polled, for a promise made in a test does not wake an object that waits for it.
    while (this.hanging) await scheduler.wait(5);
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
