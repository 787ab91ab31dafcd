import { runInDurableObject } from "cloudflare:test";

import type { NewDelivery } from "../../contracts/events/delivery.ts";
import { type RetryPolicy, retryPolicySchema } from "../../contracts/events/retry.ts";
import type { Trigger, TriggerSource } from "../../contracts/events/trigger.ts";
import { newId } from "../../contracts/ids.ts";
import type { DispatcherConfiguration } from "../objects.ts";
import { testEnv } from "../testing/harness.ts";
import type { Dispatcher } from "./dispatcher.ts";

/** A policy that tries again soon and, without more, twice. */
export const retry = (more: Partial<RetryPolicy> = {}): RetryPolicy =>
  retryPolicySchema.parse({ policy: "constant", delayMs: 10, maxDelayMs: 10, jitter: 0, maxAttempts: 2, ...more });

/** A trigger; without more an active one of kind kv. */
export function triggerOf(more: Partial<Omit<Trigger, "source">> & { source?: TriggerSource } = {}): Trigger {
  const id = more.id ?? newId("trigger");
  return {
    id,
    name: `on-${id.slice(-6)}`,
    scriptId: "scr_1",
    state: "active",
    source: { kind: "kv", collection: "things", prefix: "", operations: ["set"] },
    retry: retry(),
    createdAt: 1,
    updatedAt: 1,
    ...more,
  };
}

/** A change of a key as the outbox of a Store hands it over. */
export function deliveryOf(trigger: Trigger, more: Partial<NewDelivery> & { next?: unknown } = {}): NewDelivery {
  const { next = 1, ...rest } = more;
  const data = { kind: "kv", collection: "things", key: "k", operation: "set", next, version: 1 };
  return {
    id: newId("delivery"),
    triggerId: trigger.id,
    orderKey: null,
    at: Date.now(),
    depth: 1,
    causedBy: null,
    data: JSON.stringify(data),
    ...rest,
  };
}

export type DetachedStub = DurableObjectStub<Dispatcher>;

/** A Dispatcher of a test's own, with these triggers. */
export async function dispatcherWith(triggers: Trigger[]) {
  const orgId = newId("org");
  // An object that was killed is reached by a new stub only.
  const reached = (): DetachedStub => testEnv.DETACHED_DISPATCHER.getByName(orgId);
  const stub = reached();
  let revision = 0;
  const configure = async (next: Trigger[], more: Partial<DispatcherConfiguration> = {}) => {
    revision += 1;
    await stub.configure({
      orgId,
      slug: "hello",
      revision,
      resting: false,
      triggers: next,
      signingSecrets: {},
      ...more,
    });
  };
  await configure(triggers);
  const all = { triggerId: null, state: null };
  const page = { cursor: null, limit: 100 };
  return {
    orgId,
    stub,
    configure,
    deliveries: async () => (await reached().listDeliveries(all, page)).items,
    deadLetters: async () => (await reached().listDeadLetters(null, page)).items,
    /** How many deliveries are in each state. */
    counts: async (): Promise<Record<string, number>> =>
      runInDurableObject(reached(), (_, state) => {
        const rows = state.storage.sql.exec<{ state: string; count: number }>(
          "SELECT state, count(*) AS count FROM deliveries GROUP BY state",
        );
        return Object.fromEntries(rows.toArray().map(({ state, count }) => [state, count]));
      }),
    alarmAt: () => runInDurableObject(reached(), (_, state) => state.storage.getAlarm()),
  };
}
