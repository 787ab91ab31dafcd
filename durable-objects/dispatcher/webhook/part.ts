import * as z from "zod";

import { parseValueText } from "../../../contracts/data/value.ts";
import { invalidFrom } from "../../../contracts/errors.ts";
import type { WebhookMessage, WebhookReceipt } from "../../../contracts/events/delivery.ts";
import type { Trigger } from "../../../contracts/events/trigger.ts";
import { newId } from "../../../contracts/ids.ts";
import { WEBHOOK_BODY_BYTES_MAX } from "../../../contracts/limits.ts";
import { type Claim, readClaim, refusalOf } from "../../../contracts/webhook-signature.ts";
import type { Database } from "../../database.ts";
import type { Keyring } from "../../secrets/keyring.ts";
import type { Configuration } from "../configuration.ts";
import type { Engine } from "../engine/engine.ts";
import type { Part } from "../engine/part.ts";
import { bytesOf, lowerCased, webhookEventText } from "./event.ts";
import { SigningKeys } from "./keys.ts";
import { findReceived, noteReceived } from "./received.ts";

/** What webhooks need of their object. */
export interface WebhookDeps {
  db: Database;
  configuration: Configuration;
  engine: Pick<Engine, "add" | "commit">;
  /** Opens signing secrets. */
  keyring: () => Keyring;
}

const JSON_TYPE = "application/json";

const sampleSchema = z.strictObject({
  body: z.unknown().default({ test: true }),
  contentType: z.string().max(256).default(JSON_TYPE),
  headers: z.record(z.string(), z.string()).default({}),
});

/** Takes in signed messages, each once. */
export class WebhookPart implements Part {
  readonly #deps: WebhookDeps;
  readonly #keys: SigningKeys;

  constructor(deps: WebhookDeps) {
    this.#deps = deps;
    this.#keys = new SigningKeys(deps.configuration, deps.keyring);
  }

  configured(): void {
    this.#keys.forget();
  }

  /** Checks a message and has it delivered, where it is what it claims to be and was not taken in before. */
  async receive(triggerId: string, message: WebhookMessage): Promise<WebhookReceipt> {
    const trigger = this.#find(triggerId);
    if (trigger === null) return refused("not_found", "There is no such webhook.");
    const bytes = bytesOf(message);
    if (bytes === null) return refused("malformed", "The body is not the base 64 that it is said to be.");
    if (bytes.byteLength > WEBHOOK_BODY_BYTES_MAX) {
      return refused("too_large", `The body of a webhook is at most ${WEBHOOK_BODY_BYTES_MAX} bytes.`);
    }
    const headers = lowerCased(message.headers);
    const claim = readClaim(headers);
    if ("refused" in claim) return refused(claim.refused, claim.message);
    const now = Date.now();
    const when = { toleranceMs: trigger.source.toleranceS * 1000, now };
    const refusal = await refusalOf(claim, bytes, await this.#keys.of(triggerId, now), when);
    if (refusal !== null) return refused(refusal.refused, refusal.message);
    return this.#accept(triggerId, claim, webhookEventText(claim, headers, bytes));
  }

  fire(trigger: Trigger, data: string | null, now: number): string {
    const parsed = sampleSchema.safeParse(data === null ? {} : parseValueText(data, "data"));
    if (!parsed.success) throw invalidFrom(parsed.error, "test event");
    const { body, contentType, headers } = parsed.data;
    const event = { kind: "webhook", messageId: newId("message"), timestamp: now, contentType, headers, body };
    return this.#deliver(trigger.id, JSON.stringify(event), now);
  }

  #accept(triggerId: string, claim: Claim, data: string): WebhookReceipt {
    const { db, engine } = this.#deps;
    // While the signature was checked the trigger may have gone, or another have brought the same message.
    if (this.#find(triggerId) === null) return refused("not_found", "There is no such webhook.");
    const now = Date.now();
    return engine.commit((): WebhookReceipt => {
      const before = findReceived(db, triggerId, claim.id, now);
      if (before !== null) return { outcome: "duplicate", deliveryId: before };
      const deliveryId = this.#deliver(triggerId, data, now);
      noteReceived(db, { triggerId, messageId: claim.id, deliveryId }, now);
      return { outcome: "accepted", deliveryId };
    });
  }

  #deliver(triggerId: string, data: string, now: number): string {
    const id = newId("delivery");
    this.#deps.engine.add({ id, triggerId, orderKey: null, at: now, depth: 1, causedBy: null, data }, now);
    return id;
  }

  #find(triggerId: string): (Trigger & { source: { kind: "webhook"; toleranceS: number } }) | null {
    const trigger = this.#deps.configuration.triggers.get(triggerId);
    return trigger !== undefined && trigger.source.kind === "webhook" ? { ...trigger, source: trigger.source } : null;
  }
}

function refused(code: Extract<WebhookReceipt, { outcome: "refused" }>["code"], message: string): WebhookReceipt {
  return { outcome: "refused", code, message };
}
