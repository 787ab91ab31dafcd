import { CPU_REPORT_INTERVAL_MS, CPU_REPORT_MS_MIN, LOG_LINE_LENGTH_MAX } from "../../../contracts/limits.ts";
import type { ScriptLimits } from "../../../contracts/script-limits.ts";
import { EVENTS_MODULE } from "./harness-events.ts";
import { SHOW_MODULE } from "./harness-show.ts";
import { METER_MODULE } from "../metering/meter.ts";
import { isolaModules } from "../isola/index.ts";
import {
  CONSOLE_BINDING,
  FAULT_HEADER,
  FAULT_STATUS,
  HARNESS_FOLDER,
  PLATFORM_BINDING,
  QUIET_HEADER,
  RUN_HEADER,
} from "./run-facts.ts";

/** What the harness of one script has to know when it is loaded. */
export interface HarnessOptions {
  script: { name: string; version: number };
  /** Whether the code can print. */
  prints: boolean;
  /** Whether it can send requests. */
  fetches: boolean;
  /** Whether it imports the platform's own module. */
  platform: boolean;
  /** Whether it counts its processor time. */
  metered: boolean;
  limits: Pick<ScriptLimits, "cpuMs" | "logLines" | "subrequests" | "capabilityCalls">;
}

/**
 * The platform's modules inside a tenant's isolate, as source text: they run in a JavaScript world of their
 * own, beside the script. `runtime.js` is evaluated before any of the tenant's code, so that it holds
 * the built-ins as they were. Nothing in here is trusted by the router: a tenant shares its world.
 */
export function harnessModules(main: string, options: HarnessOptions): Record<string, string> {
  return {
    [`${HARNESS_FOLDER}/main.js`]: mainModule(main, options),
    [`${HARNESS_FOLDER}/runtime.js`]: RUNTIME,
    [`${HARNESS_FOLDER}/events.js`]: EVENTS_MODULE,
    [`${HARNESS_FOLDER}/meter.js`]: METER_MODULE,
    [`${HARNESS_FOLDER}/show.js`]: SHOW_MODULE,
    ...(options.platform ? isolaModules() : {}),
  };
}

/** Name of the module that the Worker Loader starts with. */
export const HARNESS_MAIN = `${HARNESS_FOLDER}/main.js`;

function mainModule(main: string, options: HarnessOptions): string {
  // Before the script, whichever of its own modules it would import first.
  const platform = options.platform ? 'import "./isola.js";\n' : "";
  return `import { runnerOf } from "./runtime.js";
${platform}import * as user from ${JSON.stringify(`../${main}`)};
export default runnerOf(user, ${JSON.stringify(options)});
`;
}

const RUNTIME = `
import { WorkerEntrypoint, waitUntil } from "cloudflare:workers";
import { AsyncLocalStorage } from "node:async_hooks";
import { claim } from "./meter.js";
import { handleEvent } from "./events.js";
import { show } from "./show.js";

const { begin, enter, leave, spent } = claim();

const { stringify } = JSON;
const { isArray } = Array;
const { freeze, keys } = Object;
const { now } = Date;
const NativeRequest = Request;
const NativeResponse = Response;
const nativeFetch = fetch;
const NativeError = Error;
const NativeHeaders = Headers;
const wait = scheduler.wait.bind(scheduler);
const current = new AsyncLocalStorage();
const startup = [];
let linesMax = 200;
let subrequestsMax = 0;
let callsMax = 0;

// Stream and socket callbacks come without a run of their own: theirs is the run that began last. Before the first, lines wait.
let latest;

function record(level, values) {
  const run = current.getStore() ?? latest;
  const lines = run === undefined ? startup : run.lines;
  const count = run === undefined ? lines.length : run.count++;
  if (count > linesMax) return;
  let text = "Further lines of this run are not kept.";
  if (count < linesMax) {
    text = "";
    for (const value of values) {
      text += (text === "" ? "" : " ") + show(value, new Set());
      if (text.length > ${LOG_LINE_LENGTH_MAX}) { text = text.slice(0, ${LOG_LINE_LENGTH_MAX}) + "…"; break; }
    }
  }
  lines.push({ at: now(), level, text });
  if (run !== undefined && run.answered) run.sendLater();
}

for (const level of ["debug", "info", "log", "warn", "error"]) console[level] = (...values) => record(level, values);
console.trace = (...values) => record("debug", values);
console.assert = (condition, ...values) => { if (!condition) record("error", ["Assertion failed", ...values]); };

// Each request carries the run it belongs to; the platform takes that away before it leaves.
async function fetchInRun(input, init) {
  const run = current.getStore() ?? latest;
  // The platform counts for itself; a refusal in here spares it a thousand requests that it would refuse.
  if (run !== undefined && ++run.fetches > subrequestsMax) throw overBudget(run, "subrequests", subrequestsMax, "requests through fetch");
  const request = new NativeRequest(input, init);
  // The runtime tells the true length where it knows it; what a script copied from elsewhere may be another one.
  request.headers.delete("content-length");
  if (run !== undefined) request.headers.set("${RUN_HEADER}", run.executionId);
  return nativeFetch(request);
}

function overBudget(run, limit, max, what) {
  run.broken ??= limit;
  return new NativeError("This run is over its limit of " + max + " " + what + " (" + limit + "). Use fewer, or raise the script's limit.");
}

let platformStub;

export async function callInRun(area, call) {
  const run = current.getStore() ?? latest;
  if (run === undefined || platformStub === undefined) {
    throw new IsolaError("gone", "The platform can be called only while a request or an event is answered.", {});
  }
  if (++run.calls > callsMax) {
    const { message } = overBudget(run, "capabilityCalls", callsMax, "calls of the platform");
    throw new IsolaError("over_budget", message, { limit: "capabilityCalls", max: callsMax });
  }
  const answer = await platformStub.call(run.executionId, area, call);
  if (!answer.ok) throw new IsolaError(answer.code, answer.message, answer.details);
  return answer.value;
}

// Never that of the run that began last, which may be another person's.
export function userInRun() {
  const run = current.getStore();
  if (run === undefined) throw new IsolaError("gone", "Who is signed in can be asked only while a request or an event is answered.", {});
  return run.user;
}

export class IsolaError extends NativeError {
  constructor(code, message, details) {
    super(message);
    this.name = "IsolaError";
    this.code = code;
    this.details = details;
  }
}

// One object for all that ask, and nothing in it to change.
function userIn(facts) {
  if (facts.user !== undefined && facts.user !== null) freeze(facts.user);
  return facts.user ?? null;
}

class Run {
  constructor(facts, sink) {
    this.executionId = facts.executionId;
    this.user = userIn(facts);
    this.linesFirst = facts.linesFirst;
    this.sink = sink;
    this.lines = startup.length === 0 ? [] : startup.splice(0);
    this.count = this.lines.length;
    this.answered = false;
    this.sending = false;
    this.fetches = 0;
    this.calls = 0;
    this.broken = undefined;
    // What a handler of events says beside its end.
    this.said = facts.event ? { __proto__: null, acks: undefined, noRetry: undefined } : undefined;
    latest = this;
  }
  send() {
    if (this.lines.length === 0) return undefined;
    return this.sink.write(this.executionId, this.lines.splice(0)).catch(() => {});
  }
  sendLater() {
    if (this.sending) return;
    this.sending = true;
    // The request that prints may be another than the one that the lines belong to, so it is its own time that is extended.
    waitUntil(wait(100).then(() => { this.sending = false; return this.send(); }));
  }
}

// What an error says of itself may be the script's own work, and fail in its turn.
function told(error, name) {
  try { return String(error[name]); } catch { return ""; }
}

function fault(lines, error, metered, broken, said) {
  const known = error instanceof NativeError;
  const body = {
    error: {
      name: known ? told(error, "name") : "Thrown",
      message: known ? told(error, "message") : show(error, new Set()),
      stack: known ? told(error, "stack") : "",
    },
    lines: lines.splice(0),
    cpuMs: metered?.usedMs,
    limit: metered?.error === undefined ? broken : "cpuMs",
    acks: said?.acks,
    noRetry: said?.noRetry,
  };
  return new NativeResponse(stringify(body), { status: ${FAULT_STATUS}, headers: { "${FAULT_HEADER}": "error" } });
}

function isBody(value) {
  return typeof value === "string" || value instanceof ArrayBuffer || ArrayBuffer.isView(value) ||
    value instanceof ReadableStream || value instanceof Blob || value instanceof FormData || value instanceof URLSearchParams;
}

function fromMap(value) {
  const status = value.statusCode;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new TypeError("statusCode must be a whole number from 200 to 599, not " + show(status, new Set()));
  }
  const headers = new NativeHeaders(value.headers ?? {});
  const bare = status === 204 || status === 205 || status === 304;
  if (bare || value.body === undefined || value.body === null) return new NativeResponse(null, { status, headers });
  if (isBody(value.body)) return new NativeResponse(value.body, { status, headers });
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  return new NativeResponse(stringify(value.body), { status, headers });
}

function toResponse(value) {
  if (value instanceof NativeResponse) return value;
  if (typeof value === "object" && value !== null && !isArray(value) && "statusCode" in value) return fromMap(value);
  const text = stringify(value === undefined ? null : value);
  if (text === undefined) throw new TypeError("The script returned " + typeof value + ", which is no response and no JSON.");
  return new NativeResponse(text, { headers: { "content-type": "application/json" } });
}

// What a plain function gets beside the request.
function contextOf(script, env, ctx, facts, event) {
  return freeze({
    params: facts.params,
    executionId: facts.executionId,
    script,
    env,
    user: facts.user ?? null,
    caller: facts.caller,
    event,
    waitUntil: (promise) => ctx.waitUntil(promise),
  });
}

function handlerOf(user, script) {
  const exported = user.default;
  if (typeof exported === "function") {
    if (exported.prototype instanceof WorkerEntrypoint) {
      return (request, env, ctx) => new exported(ctx, env).fetch(request);
    }
    return async (request, env, ctx, facts) => toResponse(await exported(request, contextOf(script, env, ctx, facts, null)));
  }
  if (typeof exported === "object" && exported !== null && typeof exported.fetch === "function") {
    return (request, env, ctx) => exported.fetch(request, env, ctx);
  }
  return () => {
    const found = exported === undefined ? "nothing" : typeof exported === "object" && exported !== null
      ? "an object with " + (keys(exported).join(", ") || "no members") : typeof exported;
    throw new TypeError("The default export must be a function or an object with fetch(); it is " + found + ".");
  };
}

function checked(response) {
  if (response instanceof NativeResponse) return response;
  throw new TypeError("fetch() must return a Response; it returned " + show(response, new Set()).slice(0, 200) + ".");
}

function toldQuiet(response) {
  // What cannot be copied as it is stays as it is, and the script counts as one that is not quiet.
  if (response.status === 101 || response.headers.has("content-encoding")) return response;
  const told = new NativeResponse(response.body, response);
  told.headers.set("${QUIET_HEADER}", "1");
  return told;
}

let reportedMs = 0;
let reportingUntil = 0;
let reportTo;

// Rarely, and beside the answer, so that it costs a run nothing to speak of. A request that is cut off takes its report
// with it; the bound in time lets the next one take over.
function reportLater() {
  const at = now();
  if (spent() - reportedMs < ${CPU_REPORT_MS_MIN} || at < reportingUntil) return;
  reportingUntil = at + ${CPU_REPORT_INTERVAL_MS} * 10;
  waitUntil(report().catch(() => {}));
}

async function report() {
  // What runs on after the answer is told, too.
  for (let left = 8; left > 0 && spent() - reportedMs >= ${CPU_REPORT_MS_MIN}; left--) {
    await wait(${CPU_REPORT_INTERVAL_MS});
    const cpuMs = spent() - reportedMs;
    reportedMs += cpuMs;
    await reportTo.spent(cpuMs);
  }
  reportingUntil = 0;
}

let claimed = false;

// A second runner would be one of the script's own, with whatever limits it likes.
export function runnerOf(user, { script, prints, fetches, platform, metered, limits }) {
  if (claimed) throw new TypeError("The runner is taken.");
  claimed = true;
  freeze(script);
  const handler = handlerOf(user, script);
  const quiet = !prints && !fetches && !platform && typeof user.default === "object";
  linesMax = limits.logLines;
  subrequestsMax = limits.subrequests;
  callsMax = limits.capabilityCalls;
  if (fetches) globalThis.fetch = fetchInRun;
  let sink;
  const bindings = {};
  const { cpuMs } = limits;

  async function handle(request, ctx, facts, said) {
    await handleEvent(user, request, bindings, ctx, said, (posted, event) =>
      user.default(posted, contextOf(script, bindings, ctx, facts, event)));
    return new NativeResponse(said.acks === undefined ? null : stringify(said.acks));
  }

  async function answer(run, request, ctx, facts) {
    if (run !== undefined && run.said !== undefined) return current.run(run, handle, request, ctx, facts, run.said);
    if (run === undefined) return checked(await handler(request, bindings, ctx));
    return checked(await current.run(run, handler, request, bindings, ctx, facts));
  }

  // The budget counts even where the script made an answer of what it caught.
  async function answerMetered(counted, run, request, ctx, facts) {
    try {
      const response = await enter(counted, () => answer(run, request, ctx, facts));
      if (counted.error !== undefined) throw counted.error;
      return response;
    } finally {
      leave(counted);
      reportLater();
    }
  }

  return class extends WorkerEntrypoint {
    async fetch(request) {
      const counted = metered ? begin(cpuMs) : undefined;
      reportTo ??= this.env.${CONSOLE_BINDING};
      const facts = request.cf?.isola;
      if (quiet && facts?.event !== true) {
        try {
          const response = metered
            ? await answerMetered(counted, undefined, request, this.ctx)
            : checked(await handler(request, bindings, this.ctx));
          return facts?.ask ? toldQuiet(response) : response;
        } catch (error) {
          return fault([], error, counted);
        }
      }
      sink ??= this.env.${CONSOLE_BINDING};
      platformStub ??= this.env.${PLATFORM_BINDING};
      const run = new Run(facts, sink);
      try {
        const response = metered
          ? await answerMetered(counted, run, request, this.ctx, facts)
          : await answer(run, request, this.ctx, facts);
        run.answered = true;
        if (run.lines.length > 0) {
          if (run.linesFirst) await run.send();
          else this.ctx.waitUntil(run.send());
        }
        return response;
      } catch (error) {
        run.answered = true;
        return fault(run.lines, error, counted, run.broken, run.said);
      }
    }
  };
}
`;
