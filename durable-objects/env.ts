import type { DispatchDoor } from "../contracts/doors.ts";
import type { Dispatcher } from "./dispatcher/dispatcher.ts";
import type { Log } from "./log/log.ts";
import type { Org } from "./org/org.ts";
import type { Sql } from "./sql/sql.ts";
import type { Store } from "./store/store.ts";
import type { Tools } from "./tools/tools.ts";

/** What the Worker of the Durable Objects is bound to. */
export interface Env {
  ORG: DurableObjectNamespace<Org>;
  LOG: DurableObjectNamespace<Log>;
  STORE: DurableObjectNamespace<Store>;
  DISPATCHER: DurableObjectNamespace<Dispatcher>;
  TOOLS: DurableObjectNamespace<Tools>;
  SQL: DurableObjectNamespace<Sql>;
  /** Projections and code; only the Org object writes here. */
  PROJECTIONS: KVNamespace;
  /** The router, or one binding for each edge (`DISPATCH_0`, `DISPATCH_1`, …) on one computer. */
  DISPATCH?: DispatchDoor;
  [edge: `DISPATCH_${number}`]: DispatchDoor | undefined;
  /**
   * What secrets are sealed with: `<version>:<32 bytes in base 64>`, several by commas. The highest version seals,
   * all of them open.
   */
  SECRETS_KEYS: string;
}
