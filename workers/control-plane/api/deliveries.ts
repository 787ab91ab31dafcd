import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import type { DeadLetter, DeliverySummary } from "../../../contracts/events/delivery.ts";
import { idSchema } from "../../../contracts/ids.ts";
import { EVENT_BYTES_MAX } from "../../../contracts/limits.ts";
import { auditLater } from "../audit/write.ts";
import { actorOf } from "../auth/principal.ts";
import { Mounts } from "../mount.ts";
import type { Scope } from "../scope.ts";
import { type RouteNames, routeNames } from "./names.ts";
import { pageRequest } from "./page.ts";
import { toSent, triggerNamed } from "./trigger.ts";
import { bodyValueText } from "./value.ts";

const triggerId = idSchema("trigger");

/** Events on their way, and those that gave up. */
export const deliveries = new Mounts()
  .add(ENDPOINTS.listDeliveries, async ({ scope, access, query }) => {
    const { id } = access.org;
    const filter = { triggerId: await triggerIdOf(scope, id, query.trigger), state: query.state ?? null };
    const { items, cursor } = await scope.state.listDeliveries(id, filter, pageRequest(query));
    return { items: items.map(toDelivery), cursor };
  })
  .add(ENDPOINTS.getDelivery, async ({ scope, access, params }) => {
    const delivery = await scope.state.findDelivery(access.org.id, params.id);
    if (delivery === null) {
      throw new PlatformError("not_found", "There is no such delivery, or it ended and is no longer kept.");
    }
    return { ...toDelivery(delivery), data: JSON.parse(delivery.data) as unknown, history: delivery.history };
  })
  .add(ENDPOINTS.listDeadLetters, async ({ scope, access, query }) => {
    const { id } = access.org;
    const trigger = await triggerIdOf(scope, id, query.trigger);
    const [{ items, cursor }, names] = await Promise.all([
      scope.state.listDeadLetters(id, trigger, pageRequest(query)),
      routeNames(scope, id),
    ]);
    return { items: items.map((letter) => toDeadLetter(letter, names)), cursor };
  })
  .add(ENDPOINTS.getDeadLetter, async ({ scope, access, params }) => {
    const { id } = access.org;
    const [found, names] = await Promise.all([scope.state.findDeadLetter(id, params.id), routeNames(scope, id)]);
    const letter = found ?? absent();
    return { ...toDeadLetter(letter, names), data: JSON.parse(letter.data) as unknown, history: letter.history };
  })
  .add(ENDPOINTS.replayDeadLetter, async ({ scope, principal, access, params, body }) => {
    const { id } = access.org;
    const data = body?.data === undefined ? null : bodyValueText(body.data, "data", EVENT_BYTES_MAX);
    const replayed = toSent(await scope.state.replayDeadLetter(id, params.id, data));
    const details = { ...replayed, edited: data !== null };
    auditLater(scope, {
      actor: actorOf(principal),
      action: "dead-letter.replay",
      target: params.id,
      orgId: id,
      details,
    });
    return replayed;
  })
  .add(ENDPOINTS.discardDeadLetter, async ({ scope, principal, access, params }) => {
    const { id } = access.org;
    if (!(await scope.state.discardDeadLetter(id, params.id))) return absent();
    auditLater(scope, { actor: actorOf(principal), action: "dead-letter.discard", target: params.id, orgId: id });
    return undefined;
  })
  .add(ENDPOINTS.replayDeadLetters, async ({ scope, principal, access, body }) => {
    const { id } = access.org;
    const trigger = await triggerIdOf(scope, id, body?.trigger);
    const answer = await scope.state.replayDeadLetters(id, trigger);
    const entry = { actor: actorOf(principal), action: "dead-letters.replay", target: trigger ?? "all", orgId: id };
    auditLater(scope, { ...entry, details: { replayed: answer.replayed } });
    return answer;
  })
  .add(ENDPOINTS.discardDeadLetters, async ({ scope, principal, access, body }) => {
    const { id } = access.org;
    const trigger = await triggerIdOf(scope, id, body.trigger);
    const discarded = await scope.state.discardDeadLetters(id, trigger);
    const entry = { actor: actorOf(principal), action: "dead-letters.discard", target: trigger ?? "all", orgId: id };
    auditLater(scope, { ...entry, details: { discarded } });
    return { discarded };
  });

/** An id is taken as it is, for what came of a deleted trigger is still there; a name has to name one. */
async function triggerIdOf(scope: Scope, orgId: string, idOrName: string | undefined): Promise<string | null> {
  if (idOrName === undefined) return null;
  return triggerId.safeParse(idOrName).success ? idOrName : (await triggerNamed(scope, orgId, idOrName)).id;
}

function toDelivery({ triggerId: id, triggerName: name, ...delivery }: DeliverySummary) {
  return { ...delivery, trigger: { id, name } };
}

function toDeadLetter({ triggerId: id, triggerName: name, scriptId, ...letter }: DeadLetter, names: RouteNames) {
  return { ...letter, trigger: { id, name }, script: { id: scriptId, name: names.get(scriptId) ?? "" } };
}

function absent(): never {
  throw new PlatformError("not_found", "There is no such dead letter: it was replayed or discarded, or never was.");
}
