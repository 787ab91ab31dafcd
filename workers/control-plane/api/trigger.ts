import type { EventsDoor } from "../../../contracts/events/delivery.ts";
import type { Trigger, TriggerSource } from "../../../contracts/events/trigger.ts";
import { ID_PREFIXES } from "../../../contracts/ids.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import type { OrgAccess } from "../access.ts";
import { orgUrl } from "../env.ts";
import type { Scope } from "../scope.ts";
import type { RouteNames } from "./names.ts";

type Backlogs = Awaited<ReturnType<EventsDoor["triggerBacklogs"]>>;

const NO_BACKLOG = { waiting: 0, held: 0, dead: 0, nextAt: null };

/** The trigger of that id or name. Throws `not_found`. */
export async function triggerNamed(scope: Scope, orgId: string, idOrName: string): Promise<Trigger> {
  const trigger = await scope.state.findTrigger(orgId, idOrName);
  if (trigger !== null) return trigger;
  throw new PlatformError("not_found", `There is no trigger ${JSON.stringify(idOrName)} in this org.`);
}

/** A source in which another trigger is named by its id, as it is stored. Throws `not_found` where there is none. */
export async function resolveSource(scope: Scope, orgId: string, source: TriggerSource): Promise<TriggerSource> {
  if (source.kind !== "dead_letter" || source.of === null) return source;
  return { ...source, of: (await triggerNamed(scope, orgId, source.of)).id };
}

/** What an event became: a delivery, or, of a queue, a message that waits to be taken. */
export function toSent({ deliveryId: id }: { deliveryId: string }) {
  return id.startsWith(`${ID_PREFIXES.message}_`)
    ? { deliveryId: null, messageId: id }
    : { deliveryId: id, messageId: null };
}

/** A trigger as the API shows it. */
export function toTrigger(scope: Scope, { org }: OrgAccess, trigger: Trigger, names: RouteNames) {
  const { scriptId, source, ...facts } = trigger;
  const url = `${orgUrl(scope.env, org.slug)}/.isola/v1/webhooks/${trigger.id}`;
  return {
    ...facts,
    script: { id: scriptId, name: names.get(scriptId) ?? "" },
    source: source.kind === "docs" ? { ...source, filter: JSON.parse(source.filter) as unknown } : source,
    url: source.kind === "webhook" ? url : null,
  };
}

/** The same with what waits for it. */
export function toDetail(scope: Scope, access: OrgAccess, trigger: Trigger, names: RouteNames, backlogs: Backlogs) {
  const { nextAt, ...backlog } = backlogs[trigger.id] ?? NO_BACKLOG;
  return { ...toTrigger(scope, access, trigger, names), backlog, nextAt };
}
