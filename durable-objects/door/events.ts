import type {
  AsyncRun,
  CronRun,
  DeadLetter,
  DeadLetterDetail,
  DeliveryDetail,
  DeliveryFilter,
  DeliverySummary,
  EventsDoor,
  NewAsyncRun,
  QueueStats,
  TriggersDoor,
  WebhookMessage,
  WebhookReceipt,
} from "../../contracts/events/delivery.ts";
import type { Origin } from "../../contracts/data/origin.ts";
import type { SourceOf, Trigger, TriggerInput, TriggerPatch } from "../../contracts/events/trigger.ts";
import type { Page, PageRequest } from "../../contracts/page.ts";
import type { SecretsDoor, SecretSummary } from "../../contracts/secrets.ts";
import { previewSchedule } from "../dispatcher/cron/schedule.ts";
import type { DispatcherObject, Remote } from "../objects.ts";
import { dispatcherStub, orgObject } from "../stubs.ts";
import { DataState } from "./data.ts";
import { plain } from "./plain.ts";

/** The part of the door that leads to triggers, secrets, and events on their way. */
export class EventsState extends DataState implements TriggersDoor, SecretsDoor, EventsDoor {
  async previewSchedule(source: SourceOf<"cron">, after: number, count: number): Promise<number[]> {
    return previewSchedule(source, after, count);
  }

  async listTriggers(orgId: string): Promise<Trigger[]> {
    return plain(orgObject(this.env, orgId).listTriggers());
  }

  async findTrigger(orgId: string, idOrName: string): Promise<Trigger | null> {
    return plain(orgObject(this.env, orgId).findTrigger(idOrName));
  }

  async createTrigger(orgId: string, input: TriggerInput): Promise<{ trigger: Trigger; secret: string | null }> {
    return plain(orgObject(this.env, orgId).createTrigger(input));
  }

  async patchTrigger(orgId: string, idOrName: string, patch: TriggerPatch): Promise<Trigger> {
    return plain(orgObject(this.env, orgId).patchTrigger(idOrName, patch));
  }

  async deleteTrigger(orgId: string, idOrName: string): Promise<boolean> {
    return orgObject(this.env, orgId).deleteTrigger(idOrName);
  }

  async rotateWebhookSecret(orgId: string, idOrName: string): Promise<{ secret: string }> {
    return plain(orgObject(this.env, orgId).rotateWebhookSecret(idOrName));
  }

  async listSecrets(orgId: string): Promise<SecretSummary[]> {
    return plain(orgObject(this.env, orgId).listSecrets());
  }

  async setSecret(
    orgId: string,
    secret: { name: string; scriptId: string | null; value: string },
  ): Promise<{ secret: SecretSummary; created: boolean }> {
    return plain(orgObject(this.env, orgId).setSecret(secret));
  }

  async deleteSecret(orgId: string, name: string, scriptId: string | null): Promise<boolean> {
    return orgObject(this.env, orgId).deleteSecret(name, scriptId);
  }

  async readSecrets(orgId: string, scriptId: string, names: string[]): Promise<(string | null)[]> {
    return plain(orgObject(this.env, orgId).readSecrets(scriptId, names));
  }

  async rewrapSecrets(orgId: string): Promise<{ rewrapped: number; total: number }> {
    return plain(orgObject(this.env, orgId).rewrapSecrets());
  }

  async listDeliveries(orgId: string, filter: DeliveryFilter, page: PageRequest): Promise<Page<DeliverySummary>> {
    return plain(this.#dispatcher(orgId).listDeliveries(filter, page));
  }

  async findDelivery(orgId: string, deliveryId: string): Promise<DeliveryDetail | null> {
    return plain(this.#dispatcher(orgId).findDelivery(deliveryId));
  }

  async discardDeliveries(orgId: string, triggerId: string): Promise<number> {
    return this.#dispatcher(orgId).discardDeliveries(triggerId);
  }

  async listDeadLetters(orgId: string, triggerId: string | null, page: PageRequest): Promise<Page<DeadLetter>> {
    return plain(this.#dispatcher(orgId).listDeadLetters(triggerId, page));
  }

  async findDeadLetter(orgId: string, deadLetterId: string): Promise<DeadLetterDetail | null> {
    return plain(this.#dispatcher(orgId).findDeadLetter(deadLetterId));
  }

  async replayDeadLetter(orgId: string, deadLetterId: string, data: string | null): Promise<{ deliveryId: string }> {
    return plain(this.#dispatcher(orgId).replayDeadLetter(deadLetterId, data));
  }

  async replayDeadLetters(orgId: string, triggerId: string | null): Promise<{ replayed: number; more: boolean }> {
    return plain(this.#dispatcher(orgId).replayDeadLetters(triggerId));
  }

  async discardDeadLetter(orgId: string, deadLetterId: string): Promise<boolean> {
    return this.#dispatcher(orgId).discardDeadLetter(deadLetterId);
  }

  async discardDeadLetters(orgId: string, triggerId: string | null): Promise<number> {
    return this.#dispatcher(orgId).discardDeadLetters(triggerId);
  }

  async fireTrigger(orgId: string, triggerId: string, data: string | null): Promise<{ deliveryId: string }> {
    return plain(this.#dispatcher(orgId).fireTrigger(triggerId, data));
  }

  async triggerBacklogs(orgId: string): ReturnType<EventsDoor["triggerBacklogs"]> {
    return plain(this.#dispatcher(orgId).triggerBacklogs());
  }

  async cronHistory(orgId: string, triggerId: string, page: PageRequest): Promise<Page<CronRun>> {
    return plain(this.#dispatcher(orgId).cronHistory(triggerId, page));
  }

  async queueSend(
    orgId: string,
    queue: string,
    messages: { value: string; delayMs: number }[],
    origin: Origin,
  ): Promise<string[]> {
    return plain(this.#dispatcher(orgId).queueSend(queue, messages, origin));
  }

  async listQueues(orgId: string): Promise<QueueStats[]> {
    return plain(this.#dispatcher(orgId).listQueues());
  }

  async purgeQueue(orgId: string, queue: string): Promise<number> {
    return this.#dispatcher(orgId).purgeQueue(queue);
  }

  async topicPublish(
    orgId: string,
    topic: string,
    values: string[],
    origin: Origin,
  ): Promise<{ ids: string[]; subscribers: number }> {
    return plain(this.#dispatcher(orgId).topicPublish(topic, values, origin));
  }

  async startAsyncRun(orgId: string, run: NewAsyncRun): Promise<void> {
    await this.#dispatcher(orgId).startAsyncRun(run);
  }

  async findAsyncRun(orgId: string, executionId: string): Promise<AsyncRun | null> {
    return plain(this.#dispatcher(orgId).findAsyncRun(executionId));
  }

  async receiveWebhook(orgId: string, triggerId: string, message: WebhookMessage): Promise<WebhookReceipt> {
    return plain(this.#dispatcher(orgId).receiveWebhook(triggerId, message));
  }

  #dispatcher(orgId: string): Remote<DispatcherObject> {
    return dispatcherStub(this.env, orgId);
  }
}
