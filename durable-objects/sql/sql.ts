import { DurableObject } from "cloudflare:workers";

import type { Env } from "../env.ts";

/** The SQLite of one org's own. */
export class Sql extends DurableObject<Env> {}
