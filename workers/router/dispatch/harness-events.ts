import { QUEUE_DELAY_MS_MAX } from "../../../contracts/limits.ts";

/**
 * The part of the harness that hands an event to the script, as source text. The event comes as JSON text and is read
 * by the built-ins as they were; what the handler returns is ignored, but for what it said of a queue's messages.
 */
export const EVENTS_MODULE = `
import { WorkerEntrypoint } from "cloudflare:workers";

const { parse } = JSON;
const { isFinite } = Number;
const { round } = Math;
const { create, freeze, keys } = Object;
const NativeDate = Date;
const NativeRequest = Request;
const NativeTypeError = TypeError;
const { apply } = Reflect;
const { text } = Request.prototype;

const METHODS = freeze({ __proto__: null, cron: "scheduled", queue: "queue" });

// The object whose methods handle events; null where the script is a plain function.
function targetOf(exported, env, ctx) {
  if (typeof exported === "function") {
    return exported.prototype instanceof WorkerEntrypoint ? new exported(ctx, env) : null;
  }
  return typeof exported === "object" && exported !== null ? exported : create(null);
}

function missing(kind, found) {
  const own = METHODS[kind];
  return new NativeTypeError("The script has no handler for " + kind + " events; its default export is " + found + ". Export default { " +
    (own === undefined ? "" : own + (kind === "queue" ? "(batch, env, ctx)" : "(controller, env, ctx)") + " { … } } or { ") +
    "event(event, env, ctx) { … } }, or a function (request, ctx) that reads ctx.event.");
}

function controllerOf(event, said) {
  return {
    scheduledTime: event.scheduledAt,
    cron: event.schedule,
    type: "scheduled",
    noRetry() { said.noRetry = true; },
  };
}

function delayOf(options) {
  const seconds = options === undefined || options === null ? undefined : options.delaySeconds;
  if (seconds === undefined || seconds === null) return null;
  if (typeof seconds !== "number" || !isFinite(seconds) || seconds < 0 || seconds * 1000 > ${QUEUE_DELAY_MS_MAX}) {
    throw new NativeTypeError("delaySeconds must be a number of seconds from 0 to ${QUEUE_DELAY_MS_MAX / 1000}.");
  }
  return round(seconds * 1000);
}

// The first word on a message counts, and what is said of all is said of those that nothing was said of.
function batchOf(event, said) {
  const words = create(null);
  const say = (id, delayMs) => {
    if (words[id] !== undefined) return;
    words[id] = true;
    said.acks ??= { acked: [], retried: [] };
    if (delayMs === undefined) said.acks.acked[said.acks.acked.length] = id;
    else said.acks.retried[said.acks.retried.length] = { id, delayMs };
  };
  const messages = [];
  for (let index = 0; index < event.messages.length; index++) {
    const { id, timestamp, attempts, value } = event.messages[index];
    messages[index] = {
      id,
      timestamp: new NativeDate(timestamp),
      attempts,
      body: value,
      value,
      ack() { say(id, undefined); },
      retry(options) { say(id, delayOf(options)); },
    };
  }
  const ids = event.messages;
  return {
    queue: event.queue,
    messages,
    ackAll() { for (let index = 0; index < ids.length; index++) say(ids[index].id, undefined); },
    retryAll(options) {
      const delayMs = delayOf(options);
      for (let index = 0; index < ids.length; index++) say(ids[index].id, delayMs);
    },
  };
}

// Calls the handler that an event is for. What it says on the way (acks, noRetry) is left in said, also where it throws.
export async function handleEvent(user, request, env, ctx, said, callFunction) {
  const body = await apply(text, request, []);
  const event = parse(body);
  const { kind } = event;
  const exported = user.default;
  const target = targetOf(exported, env, ctx);
  if (target === null) {
    await callFunction(new NativeRequest(request.url, { method: "POST", headers: request.headers, body }), event);
    return;
  }
  if (kind === "queue" && typeof target.queue === "function") await target.queue(batchOf(event, said), env, ctx);
  else if (kind === "cron" && typeof target.scheduled === "function") await target.scheduled(controllerOf(event, said), env, ctx);
  else if (typeof target.event === "function") await target.event(event, env, ctx);
  else throw missing(kind, foundIn(exported));
}

function foundIn(exported) {
  if (exported === undefined) return "nothing";
  if (typeof exported === "function") return "a class";
  if (typeof exported !== "object" || exported === null) return typeof exported;
  return "an object with " + (keys(exported).join(", ") || "no members");
}
`;
