import type { NewDelivery } from "../../contracts/events/delivery.ts";
import type { Env } from "../env.ts";
import type { StoreName, StoreTriggers } from "../objects.ts";
import { plain } from "../door/plain.ts";
import { dispatcherStub, orgObject } from "../stubs.ts";

/** What a Store reaches outside itself. */
export interface StoreOutside {
  /** Makes the collection known to its org; safe to repeat. */
  addCollection(store: StoreName): Promise<StoreTriggers>;
  /** Has the org list the collection no more, until it is made known again; safe to repeat. */
  dropCollection(store: StoreName): Promise<void>;
  /** Tells the org how many bytes the collection has; safe to repeat. */
  tellSize(store: StoreName, bytes: number): Promise<void>;
  /** Hands deliveries over; durable when it returns, and safe to repeat. */
  enqueue(orgId: string, deliveries: NewDelivery[]): Promise<void>;
}

/** The real outside. */
export function outsideOf(env: Env): StoreOutside {
  return {
    addCollection: async ({ orgId, kind, name }) => plain(orgObject(env, orgId).addCollection(kind, name)),
    dropCollection: ({ orgId, kind, name }) => orgObject(env, orgId).dropCollection(kind, name),
    tellSize: ({ orgId, kind, name }, bytes) => orgObject(env, orgId).tellSize(kind, name, bytes),
    enqueue: (orgId, deliveries) => dispatcherStub(env, orgId).enqueue(deliveries),
  };
}
