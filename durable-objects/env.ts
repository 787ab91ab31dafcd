import type { Log } from "./log/log.ts";
import type { Org } from "./org/org.ts";

/** What the Worker of the Durable Objects is bound to. */
export interface Env {
  ORG: DurableObjectNamespace<Org>;
  LOG: DurableObjectNamespace<Log>;
  /** Projections and code; only the Org object writes here. */
  PROJECTIONS: KVNamespace;
}
