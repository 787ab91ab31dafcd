import type { Env } from "../env.ts";
import { Dispatcher, Org, Store } from "../index.ts";
import { edgeOutside } from "./edge.ts";
import { storeOutside } from "./store-outside.ts";
import { playgroundOutside } from "./outside.ts";

export { default, Dispatcher, Log, Org, Sql, Store, Tools } from "../index.ts";

/** An Org whose outside is the playground. */
export class DetachedOrg extends Org {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, playgroundOutside);
  }
}

/** A Store whose org and deliveries are those of a test. */
export class DetachedStore extends Store {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, storeOutside);
  }
}

/** A Dispatcher whose edges are the playground's. */
export class DetachedDispatcher extends Dispatcher {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, edgeOutside());
  }
}
