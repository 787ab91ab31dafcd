import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { NO_ORIGIN } from "../../../contracts/data/origin.ts";
import { MESSAGE_BYTES_MAX } from "../../../contracts/limits.ts";
import { auditLater } from "../audit/write.ts";
import { actorOf } from "../auth/principal.ts";
import { Mounts } from "../mount.ts";
import { requireConfirmed } from "./confirm.ts";
import { bodyValueText } from "./value.ts";

/** Queues and topics of an org. */
export const queues = new Mounts()
  .add(ENDPOINTS.listQueues, async ({ scope, access }) => {
    const { id } = access.org;
    const [found, triggers] = await Promise.all([scope.state.listQueues(id), scope.state.listTriggers(id)]);
    const names = new Map(triggers.map((trigger) => [trigger.id, trigger.name]));
    const items = found.map(({ consumerId, ...queue }) => {
      const consumer = consumerId === null ? null : { id: consumerId, name: names.get(consumerId) ?? "" };
      return { ...queue, consumer };
    });
    return { items, cursor: null };
  })
  .add(ENDPOINTS.sendToQueue, async ({ scope, principal, access, params, body }) => {
    const { id } = access.org;
    const messages = body.messages.map(({ value, delaySeconds }) => ({
      value: bodyValueText(value, "message", MESSAGE_BYTES_MAX),
      delayMs: Math.round(delaySeconds * 1000),
    }));
    const ids = await scope.state.queueSend(id, params.queue, messages, NO_ORIGIN);
    const details = { messages: ids.length };
    auditLater(scope, { actor: actorOf(principal), action: "queue.send", target: params.queue, orgId: id, details });
    return { ids };
  })
  .add(ENDPOINTS.purgeQueue, async ({ scope, principal, access, params, body }) => {
    const { id } = access.org;
    requireConfirmed(body.confirm, params.queue, "throw away all that is in the queue");
    const purged = await scope.state.purgeQueue(id, params.queue);
    const details = { purged };
    auditLater(scope, { actor: actorOf(principal), action: "queue.purge", target: params.queue, orgId: id, details });
    return { purged };
  })
  .add(ENDPOINTS.publishToTopic, async ({ scope, principal, access, params, body }) => {
    const { id: orgId } = access.org;
    const value = bodyValueText(body.value, "message", MESSAGE_BYTES_MAX);
    const { ids, subscribers } = await scope.state.topicPublish(orgId, params.topic, [value], NO_ORIGIN);
    const [id] = ids;
    if (id === undefined) throw new Error("The topic answered no id");
    const details = { id, subscribers };
    auditLater(scope, { actor: actorOf(principal), action: "topic.publish", target: params.topic, orgId, details });
    return { id, subscribers };
  });
