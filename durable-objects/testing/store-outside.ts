import { env } from "cloudflare:test";

import type { Origin } from "../../contracts/data/origin.ts";
import { PlatformError } from "../../contracts/errors.ts";
import type { NewDelivery } from "../../contracts/events/delivery.ts";
import { newId } from "../../contracts/ids.ts";
import type { Remote, StoreName, StoreObject, StoreTrigger } from "../objects.ts";
import type { StoreOutside } from "../store/outside.ts";
import type { Store } from "../store/store.ts";

/** The org and the deliveries around a Store, in memory; they fail on command. */
class Surroundings {
  /** Collections that were made known, as often as they were. */
  readonly added: StoreName[] = [];
  readonly dropped: StoreName[] = [];
  /** What the org was told last, by org and name. */
  readonly sizes = new Map<string, number>();
  /** What a new collection is told. */
  triggers: StoreTrigger[] = [];
  /** What was taken over, in order, and in how many calls; both by org. */
  readonly deliveries = new Map<string, NewDelivery[]>();
  readonly calls = new Map<string, number>();
  /** Orgs that are gone, and orgs whose deliveries take nothing. */
  readonly gone = new Set<string>();
  readonly full = new Set<string>();
  /** Orgs whose deliveries do not answer yet. */
  readonly busy = new Set<string>();
  /** Orgs whose deliveries take what they are given, and do not say so. */
  readonly mute = new Set<string>();
  /** Orgs that have not answered yet when they are told of a collection. */
  readonly slow = new Set<string>();

  hasAdded(orgId: string): boolean {
    return this.added.some((store) => store.orgId === orgId);
  }

  takenBy(orgId: string): NewDelivery[] {
    return this.deliveries.get(orgId) ?? [];
  }
}

export const surroundings = new Surroundings();

export const storeOutside: StoreOutside = {
  addCollection: async (store) => {
    surroundings.added.push(store);
    const { triggers } = surroundings;
    // Polled, for a promise made in a test does not wake an object that waits for it.
    while (surroundings.slow.has(store.orgId)) await scheduler.wait(5);
    if (surroundings.gone.has(store.orgId)) throw new PlatformError("not_found", "The org is gone.");
    return { revision: 1, triggers, overQuota: null };
  },
  dropCollection: async (store) => void surroundings.dropped.push(store),
  tellSize: async ({ orgId, name }, bytes) => void surroundings.sizes.set(`${orgId}/${name}`, bytes),
  enqueue: async (orgId, deliveries) => {
    surroundings.calls.set(orgId, (surroundings.calls.get(orgId) ?? 0) + 1);
    while (surroundings.busy.has(orgId)) await scheduler.wait(5);
    if (surroundings.full.has(orgId)) throw new PlatformError("unavailable", "Too many deliveries wait.");
    surroundings.deliveries.set(orgId, [...surroundings.takenBy(orgId), ...deliveries]);
    if (surroundings.mute.has(orgId)) throw new Error("Network connection lost.");
  },
};

/** A run that writes. */
export const origin: Origin = { executionId: "exe_1", depth: 2 };

/** A collection of a test's own that is not there yet, with the triggers that it will be told of. */
export function newStore(kind: StoreName["kind"], triggers: StoreTrigger[] = []) {
  surroundings.triggers = triggers;
  const name: StoreName = { orgId: newId("org"), kind, name: "things" };
  const namespace = (env as unknown as { DETACHED_STORE: DurableObjectNamespace<Store> }).DETACHED_STORE;
  const stub = namespace.getByName(name.orgId);
  return { name, stub, store: stub as unknown as Remote<StoreObject> };
}
