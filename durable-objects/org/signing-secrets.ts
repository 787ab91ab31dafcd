import { PlatformError } from "../../contracts/errors.ts";
import type { Trigger } from "../../contracts/events/trigger.ts";
import { WEBHOOK_SECRET_OVERLAP_MS, WEBHOOK_SECRETS_MAX } from "../../contracts/limits.ts";
import type { Database } from "../database.ts";
import { reconfigure } from "./reconfigure.ts";
import { getTrigger } from "./trigger-rows.ts";

const SECRET_BYTES = 24;

/** A signing secret as Standard Webhooks writes them: `whsec_` and 24 random bytes in base 64. */
export function newSigningSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}

/** A webhook trigger by id or name; throws `not_found`, and `invalid` for one that has nothing to sign. */
export function getWebhookTrigger(db: Database, idOrName: string): Trigger {
  const trigger = getTrigger(db, idOrName);
  if (trigger.source.kind === "webhook") return trigger;
  const message = `The trigger "${trigger.name}" is of kind ${trigger.source.kind}; only webhooks have a signing secret.`;
  throw new PlatformError("invalid", message);
}

/** A signing secret of a trigger, sealed. */
export interface SealedSigningSecret {
  triggerId: string;
  sealed: string;
  keyVersion: number;
}

/** Gives a trigger another signing secret; the one before goes on for a while. */
export function rotateSigningSecret(db: Database, secret: SealedSigningSecret, now: number): void {
  const trigger = getWebhookTrigger(db, secret.triggerId);
  addSigningSecret(db, secret, now);
  reconfigure(db, [trigger.source], now);
}

/** Adds the newest signing secret of a trigger, and lets go of what has had its time. */
export function addSigningSecret(db: Database, secret: SealedSigningSecret, now: number): void {
  const { triggerId, sealed, keyVersion } = secret;
  const until = now + WEBHOOK_SECRET_OVERLAP_MS;
  db.run("UPDATE signing_secrets SET until = ? WHERE trigger_id = ? AND until IS NULL", until, triggerId);
  const insert = "INSERT INTO signing_secrets (trigger_id, sealed, key_version) VALUES (?, ?, ?)";
  db.run(insert, triggerId, sealed, keyVersion);
  db.run(
    `DELETE FROM signing_secrets WHERE trigger_id = ?1 AND (until <= ?2 OR id NOT IN
       (SELECT id FROM signing_secrets WHERE trigger_id = ?1 ORDER BY id DESC LIMIT ?3))`,
    triggerId,
    now,
    WEBHOOK_SECRETS_MAX,
  );
}

/** Removes those of a trigger that goes. */
export function removeSigningSecrets(db: Database, triggerId: string): void {
  db.run("DELETE FROM signing_secrets WHERE trigger_id = ?", triggerId);
}
