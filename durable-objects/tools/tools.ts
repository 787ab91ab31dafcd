import { DurableObject } from "cloudflare:workers";

import type { Env } from "../env.ts";

/** Locks and counters of one org. */
export class Tools extends DurableObject<Env> {}
