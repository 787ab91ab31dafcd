import { DurableObject } from "cloudflare:workers";

import type { Env } from "../env.ts";

/** One collection of kv or docs, with the outbox of its changes. */
export class Store extends DurableObject<Env> {}
