import { ENDPOINTS } from "../../../contracts/api/index.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import { DEFAULT_RETRY, retryPolicySchema } from "../../../contracts/events/retry.ts";
import type { Trigger, TriggerPatch, TriggerState } from "../../../contracts/events/trigger.ts";
import { EVENT_BYTES_MAX } from "../../../contracts/limits.ts";
import type { OrgAccess } from "../access.ts";
import { auditLater } from "../audit/write.ts";
import { actorOf, type Principal } from "../auth/principal.ts";
import { Mounts } from "../mount.ts";
import type { Scope } from "../scope.ts";
import { requireConfirmed } from "./confirm.ts";
import { routeNames, scriptNamed } from "./names.ts";
import { pageRequest } from "./page.ts";
import { resolveSource, toDetail, toSent, toTrigger, triggerNamed } from "./trigger.ts";
import { bodyValueText } from "./value.ts";

/** What starts an org's scripts without a caller. */
export const triggers = new Mounts()
  .add(ENDPOINTS.listTriggers, async ({ scope, access }) => {
    const { id } = access.org;
    const [found, backlogs, names] = await Promise.all([
      scope.state.listTriggers(id),
      scope.state.triggerBacklogs(id),
      routeNames(scope, id),
    ]);
    return { items: found.map((trigger) => toDetail(scope, access, trigger, names, backlogs)), cursor: null };
  })
  .add(
    ENDPOINTS.createTrigger,
    async ({ scope, principal, access, body }) => {
      const { id } = access.org;
      const script = await scriptNamed(scope, id, body.script);
      const { trigger, secret } = await scope.state.createTrigger(id, {
        name: body.name,
        scriptId: script.id,
        state: body.state,
        source: await resolveSource(scope, id, body.source),
        retry: retryPolicySchema.parse({ ...DEFAULT_RETRY, ...body.retry }),
      });
      const details = { id: trigger.id, script: script.name, source: trigger.source };
      auditLater(scope, {
        actor: actorOf(principal),
        action: "trigger.create",
        target: trigger.name,
        orgId: id,
        details,
      });
      return { ...toTrigger(scope, access, trigger, new Map([[script.id, script.name]])), secret };
    },
    { secretAnswer: true },
  )
  .add(ENDPOINTS.previewTrigger, async ({ scope, body }) => {
    const { schedule, timeZone, count } = body;
    const source = { kind: "cron" as const, schedule, timeZone, jitterMs: 0 };
    const times = await scope.state.previewSchedule(source, Date.now(), count);
    return { times: times.map((at) => new Date(at).toISOString()) };
  })
  .add(ENDPOINTS.getTrigger, async ({ scope, access, params }) => {
    const { id } = access.org;
    const [trigger, backlogs, names] = await Promise.all([
      triggerNamed(scope, id, params.trigger),
      scope.state.triggerBacklogs(id),
      routeNames(scope, id),
    ]);
    return toDetail(scope, access, trigger, names, backlogs);
  })
  .add(ENDPOINTS.patchTrigger, async ({ scope, principal, access, params, body }) => {
    const { id } = access.org;
    const { script, state, source, retry } = body;
    const before = await triggerNamed(scope, id, params.trigger);
    const patch: TriggerPatch = {
      ...(script === undefined ? {} : { scriptId: (await scriptNamed(scope, id, script)).id }),
      ...(state === undefined ? {} : { state }),
      ...(source === undefined ? {} : { source: await resolveSource(scope, id, source) }),
      ...(retry === undefined ? {} : { retry: retryPolicySchema.parse({ ...before.retry, ...retry }) }),
    };
    return change(scope, principal, access, before, patch, "trigger.change");
  })
  .add(ENDPOINTS.deleteTrigger, async ({ scope, principal, access, params }) => {
    const { id } = access.org;
    const trigger = await triggerNamed(scope, id, params.trigger);
    await scope.state.deleteTrigger(id, trigger.id);
    const details = { id: trigger.id };
    auditLater(scope, {
      actor: actorOf(principal),
      action: "trigger.delete",
      target: trigger.name,
      orgId: id,
      details,
    });
    return undefined;
  })
  .add(ENDPOINTS.pauseTrigger, ({ scope, principal, access, params }) =>
    setState(scope, principal, access, params.trigger, "paused", "pause"),
  )
  .add(ENDPOINTS.resumeTrigger, async ({ scope, principal, access, params }) => {
    const { state, name } = await triggerNamed(scope, access.org.id, params.trigger);
    if (state === "disabled") {
      throw new PlatformError("conflict", `The trigger ${name} is disabled and has kept nothing. Enable it instead.`);
    }
    return setState(scope, principal, access, params.trigger, "active", "resume");
  })
  .add(ENDPOINTS.enableTrigger, ({ scope, principal, access, params }) =>
    setState(scope, principal, access, params.trigger, "active", "enable"),
  )
  .add(ENDPOINTS.disableTrigger, ({ scope, principal, access, params }) =>
    setState(scope, principal, access, params.trigger, "disabled", "disable"),
  )
  .add(ENDPOINTS.discardTrigger, async ({ scope, principal, access, params, body }) => {
    const { id } = access.org;
    const trigger = await triggerNamed(scope, id, params.trigger);
    requireConfirmed(body.confirm, trigger.name, "throw away what waits for the trigger");
    const discarded = await scope.state.discardDeliveries(id, trigger.id);
    const details = { discarded };
    auditLater(scope, {
      actor: actorOf(principal),
      action: "trigger.discard",
      target: trigger.name,
      orgId: id,
      details,
    });
    return { discarded };
  })
  .add(ENDPOINTS.fireTrigger, async ({ scope, principal, access, params, body }) => {
    const { id } = access.org;
    const trigger = await triggerNamed(scope, id, params.trigger);
    if (trigger.state === "disabled") {
      throw new PlatformError("conflict", `The trigger ${trigger.name} is disabled. Enable it, then fire it.`);
    }
    const data = body?.data === undefined ? null : bodyValueText(body.data, "data", EVENT_BYTES_MAX);
    const fired = toSent(await scope.state.fireTrigger(id, trigger.id, data));
    const details = { ...fired };
    auditLater(scope, { actor: actorOf(principal), action: "trigger.fire", target: trigger.name, orgId: id, details });
    return fired;
  })
  .add(
    ENDPOINTS.rotateTriggerSecret,
    async ({ scope, principal, access, params }) => {
      const { id } = access.org;
      const trigger = await triggerNamed(scope, id, params.trigger);
      const rotated = await scope.state.rotateWebhookSecret(id, trigger.id);
      auditLater(scope, { actor: actorOf(principal), action: "trigger.rotate", target: trigger.name, orgId: id });
      return rotated;
    },
    { secretAnswer: true },
  )
  .add(ENDPOINTS.listTriggerHistory, async ({ scope, access, params, query }) => {
    const { id } = access.org;
    const trigger = await triggerNamed(scope, id, params.trigger);
    if (trigger.source.kind !== "cron") {
      const reason = `is of kind ${trigger.source.kind} and has no schedule. List its deliveries instead.`;
      throw new PlatformError("invalid", `The trigger ${trigger.name} ${reason}`, {
        issues: [{ field: "trigger", reason }],
      });
    }
    return scope.state.cronHistory(id, trigger.id, pageRequest(query));
  });

async function setState(
  scope: Scope,
  principal: Principal,
  access: OrgAccess,
  idOrName: string,
  state: TriggerState,
  verb: string,
) {
  const before = await triggerNamed(scope, access.org.id, idOrName);
  return change(scope, principal, access, before, { state }, `trigger.${verb}`);
}

async function change(
  scope: Scope,
  principal: Principal,
  access: OrgAccess,
  before: Trigger,
  patch: TriggerPatch,
  action: string,
) {
  const { id } = access.org;
  const trigger = await scope.state.patchTrigger(id, before.id, patch);
  const details = { before: changedOf(before, patch), after: changedOf(trigger, patch) };
  auditLater(scope, { actor: actorOf(principal), action, target: trigger.name, orgId: id, details });
  return toTrigger(scope, access, trigger, await routeNames(scope, id));
}

/** What a patch names, as a trigger has it. */
function changedOf(trigger: Trigger, patch: TriggerPatch): Record<string, unknown> {
  const names = (Object.keys(patch) as (keyof TriggerPatch)[]).filter((name) => patch[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, trigger[name]]));
}
