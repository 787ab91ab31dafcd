import { WorkerEntrypoint } from "cloudflare:workers";

import type { Env } from "../env.ts";
import { parseKeys } from "./keys.ts";

/** What the launcher gave since this process began; every object here shares it. */
let replaced: string | null = null;

/** The platform's keys as they are now. */
export const currentKeys = (env: Pick<Env, "SECRETS_KEYS">): string => replaced ?? env.SECRETS_KEYS;

/**
 * Gives a running process other keys, so that they can be rotated without a stop. Bound to the launcher's own Worker
 * alone; on Cloudflare nothing is bound to it, and the keys are a secret of the Worker.
 */
export class SecretsKeys extends WorkerEntrypoint<Env> {
  /** Throws `internal`, and leaves the keys as they are, for a text that cannot be read. */
  replace(keys: string): void {
    parseKeys(keys);
    replaced = keys;
  }
}
