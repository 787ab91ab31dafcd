import * as z from "zod";

import { SECRET_NAME_LENGTH_MAX, SECRET_VALUE_BYTES_MAX } from "./limits.ts";

/** Name of a secret, in the spelling of an environment variable. */
export const secretNameSchema = z
  .string()
  .max(SECRET_NAME_LENGTH_MAX)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be letters, digits and `_`, and not begin with a digit");

/** Value of a secret: text of bounded length. */
export const secretValueSchema = z
  .string()
  .min(1)
  .refine((value) => new TextEncoder().encode(value).byteLength <= SECRET_VALUE_BYTES_MAX, {
    error: `must be at most ${SECRET_VALUE_BYTES_MAX} bytes of UTF-8`,
  });

/** What anybody may know of a secret: everything but its value. */
export interface SecretSummary {
  name: string;
  /** The one script that may read it; null for all of the org. */
  scriptId: string | null;
  createdAt: number;
  updatedAt: number;
  /** Version of the key that its data key is wrapped by. */
  keyVersion: number;
}

/** What the door to all tenant state has for secrets. */
export interface SecretsDoor {
  listSecrets(orgId: string): Promise<SecretSummary[]>;
  /** Sets or replaces; safe. Throws `not_found` for a script that is not there. */
  setSecret(
    orgId: string,
    secret: { name: string; scriptId: string | null; value: string },
  ): Promise<{ secret: SecretSummary; created: boolean }>;
  /** False when there was none; safe. */
  deleteSecret(orgId: string, name: string, scriptId: string | null): Promise<boolean>;
  /**
   * The values that a script may read, by name, its own before the org's; null for what is not there. For the router's
   * capability, and for the org's own database of which its machine is told when it registers: no other endpoint answers
   * with it. Safe.
   */
  readSecrets(orgId: string, scriptId: string, names: string[]): Promise<(string | null)[]>;
  /** Wraps every data key of the org by the newest key; answers how many were wrapped anew. Safe. */
  rewrapSecrets(orgId: string): Promise<{ rewrapped: number; total: number }>;
}
