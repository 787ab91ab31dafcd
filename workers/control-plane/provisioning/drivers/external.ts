import type { Driver, Observed, Plan } from "../driver.ts";
import { ProviderError } from "../provider-error.ts";

/** What a machine of somebody's own has told of itself; kept as what its provider calls it. */
export interface ExternalRecord {
  /** Where it answers; absent until it has registered itself. */
  origin?: string;
  network?: "host" | "public";
  /** Epoch milliseconds. */
  registeredAt?: number;
  /** When it said that it stops, until it is heard of again; epoch milliseconds. */
  stoppedAt?: number;
}

/**
 * A machine that somebody runs elsewhere and that registers itself. The platform makes nothing and removes nothing: all it
 * knows is what the machine has told.
 */
export const externalDriver: Driver = {
  name: "external",
  title: "A machine of your own, wherever it runs",
  defaults: { image: null, size: null, regions: [] },
  hasVolumes: false,
  registersItself: true,

  prepare: ({ known }) => Promise.resolve(known),
  makeVolume: ({ known }) => Promise.resolve(known),
  makeMachine: ({ known }) => Promise.resolve(known),
  /** It starts when its owner starts it; what waits for that is its registration. */
  start: () => Promise.resolve(),
  stop: () => Promise.reject(elsewhere("stop it")),
  observe: (plan) => Promise.resolve(observed(plan)),
  logs: () => Promise.reject(elsewhere("read its log")),
  destroy: () => Promise.resolve(),
  list: () => Promise.resolve([]),
  remove: ({ resource }) => Promise.reject(new ProviderError("not_found", `There is no ${resource}.`)),
};

function observed({ known }: Plan): Observed {
  const { origin, network = "public", stoppedAt } = known as ExternalRecord;
  const common = { network, region: null };
  if (origin === undefined) return { ...common, state: "created", origin: null, reason: "It has not registered yet." };
  if (stoppedAt !== undefined) return { ...common, state: "stopped", origin, reason: "It said that it stops." };
  return { ...common, state: "started", origin, reason: null };
}

const elsewhere = (what: string): ProviderError =>
  new ProviderError("refused", `This machine is not run by the platform: ${what} where it runs.`);
