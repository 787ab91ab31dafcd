import type { LiveRun } from "../dispatch/run-table.ts";
import type { HolderProps, RouterContext, RouterEnv } from "../env.ts";

/** In whose name the platform is called: all of it from the platform's own knowledge. */
export interface CallContext {
  holder: HolderProps;
  caller: LiveRun;
  env: RouterEnv;
  ctx: RouterContext;
}

/**
 * One area of what the platform gives to scripts. `call` is whatever the tenant's code handed over, so it is parsed
 * first; what is returned must be plain data, what is thrown a `PlatformError`.
 */
export type Area = (call: unknown, context: CallContext) => Promise<unknown>;
