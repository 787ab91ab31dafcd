import type { DeliverRequest, DeliverResult } from "../../contracts/events/dispatch.ts";
import { Edges } from "../../contracts/rpc/edges.ts";
import { plain } from "../door/plain.ts";
import type { Env } from "../env.ts";
import type { DispatcherConfiguration } from "../objects.ts";
import { orgObject } from "../stubs.ts";

/** What a Dispatcher needs of the world. */
export interface Outside {
  /** Has an edge run a script. */
  deliver(request: DeliverRequest): Promise<DeliverResult>;
  /** Has the edges get ready for a run that comes soon. Never fails. */
  warm(slug: string): Promise<void>;
  /** What the Dispatcher of an org has to know; asked for when nobody has told it yet. */
  configuration(orgId: string): Promise<DispatcherConfiguration>;
  /** 0 ≤ chance < 1. */
  chance(): number;
}

/** The real world. */
export function outsideOf(env: Env): Outside {
  const edges = new Edges(env);
  return {
    deliver: (request) => edges.deliver(request),
    warm: (slug) => edges.warm(slug),
    configuration: (orgId) => plain(orgObject(env, orgId).dispatcherConfiguration()),
    chance: Math.random,
  };
}
