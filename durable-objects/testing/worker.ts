import type { Env } from "../env.ts";
import { Org } from "../index.ts";
import { playgroundOutside } from "./outside.ts";

export { default, Dispatcher, Log, Org, Sql, Store, Tools } from "../index.ts";

/** An Org whose outside is the playground. */
export class DetachedOrg extends Org {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, playgroundOutside);
  }
}
