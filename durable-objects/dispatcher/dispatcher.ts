import { DurableObject } from "cloudflare:workers";

import type { Env } from "../env.ts";

/** The deliveries of one org: what waits, what is under way, what gave up, and what the clock sets off. */
export class Dispatcher extends DurableObject<Env> {}
