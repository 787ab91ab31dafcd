import type { DispatcherConfiguration, StoreTriggers } from "../objects.ts";
import type { Outside } from "../org/delivery.ts";

/** One thing that was done outside, in order. */
type Deed = `${"put" | "delete" | "erase" | "configure"} ${string}`;

/** An outside in memory that fails on command; shared by the tests and the objects they make. */
class Playground {
  readonly values = new Map<string, string>();
  /** When they go by themselves, in seconds since the epoch, where they do. */
  readonly expirations = new Map<string, number>();
  readonly deeds: Deed[] = [];
  /** What Dispatchers and Stores were told last. */
  readonly configurations = new Map<string, DispatcherConfiguration>();
  readonly storeTriggers = new Map<string, StoreTriggers>();
  /** How long Logs were told to keep executions, by org; and what collections say that they have, in bytes. */
  readonly retentions = new Map<string, number | null>();
  readonly sizes = new Map<string, number>();
  /** Keys that begin so cannot be written or removed. */
  failing: string[] = [];
  /** Writes wait while this is true. */
  hanging = false;

  reset(): void {
    this.values.clear();
    this.expirations.clear();
    this.configurations.clear();
    this.storeTriggers.clear();
    this.retentions.clear();
    this.sizes.clear();
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
    put: async (key, value, options) => {
      await playground.act(`put ${key}`, key);
      playground.values.set(key, value);
      if (options === undefined) playground.expirations.delete(key);
      else playground.expirations.set(key, options.expiration);
    },
    delete: async (key) => {
      await playground.act(`delete ${key}`, key);
      playground.values.delete(key);
    },
  },
  configureDispatcher: async (configuration) => {
    const { orgId } = configuration;
    await playground.act(`configure dispatcher ${orgId}`, `dispatcher:${orgId}`);
    playground.configurations.set(orgId, configuration);
  },
  setTriggers: async ({ orgId, kind, name }, triggers) => {
    await playground.act(`configure ${kind}/${name} ${orgId}`, `store:${orgId}`);
    playground.storeTriggers.set(`${orgId}/${kind}/${name}`, triggers);
  },
  setRetention: async (orgId, retentionMs) => {
    await playground.act(`configure log ${orgId}`, `log:${orgId}`);
    playground.retentions.set(orgId, retentionMs);
  },
  sizeOf: async ({ orgId, kind, name }) => playground.sizes.get(`${orgId}/${kind}/${name}`) ?? 0,
  erase: (object, orgId) => playground.act(`erase ${object} ${orgId}`, `${object}:${orgId}`),
  eraseStore: ({ orgId, kind, name }) => playground.act(`erase ${kind}/${name} ${orgId}`, `store:${orgId}`),
};
