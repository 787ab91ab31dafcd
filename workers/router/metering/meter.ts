import { STARTUP_TICKS_MAX } from "../../../contracts/limits.ts";
import { SCRIPT_LIMITS } from "../../../contracts/script-limits.ts";

/** Ticks of instrumented code between two looks at the clock; its counters hold no more. */
const STEP = 256;
/** Ticks that are dear, so that a step of them takes this long, in milliseconds, are looked at more often. */
const DEAR_STEP_MS = 2;
/** Of the longest gap between two looks of a run so much is not charged, in milliseconds. */
const FORGIVEN_MS = 50;
/** A run that has not left after this long, in milliseconds, never will. */
const GONE_MS = SCRIPT_LIMITS.wallClockMs.max;
/** Code without a run that was away for this long, in milliseconds, was waiting. */
const AWAY_MS = 1_000;

/**
 * The module by which instrumented code counts its processor time, as source text: part of the harness, and evaluated
 * before any of the tenant's code, so that it holds the built-ins as they were.
 *
 * The tenant's code imports `c`, called when its ticks are through and answering how many come next, and `r`, called
 * where it catches; they throw once the run has used up its time. All else goes to whoever claims it first, which is
 * the harness.
 *
 * Time counts from look to look within one turn of the event loop, so that waiting is free. A timer tells that a turn is
 * over. Runs that overlap are told apart by a label; one that begins while no other goes without is spared it.
 * While modules load there is no clock and no timer: then ticks are counted.
 */
export const METER_MODULE = `
import { AsyncLocalStorage } from "node:async_hooks";

const labels = new AsyncLocalStorage();
const labelOf = labels.getStore.bind(labels);
const withLabel = labels.run.bind(labels);
const clock = performance.now.bind(performance);
const later = setTimeout.bind(globalThis);
const NativePromise = Promise;

class CpuLimitError extends Error {
  name = "CpuLimitError";
}
Object.freeze(CpuLimitError);
Object.freeze(CpuLimitError.prototype);

function begin(cpuMs) {
  return { __proto__: null, cpuMs, usedMs: 0, longestMs: 0, lookedAt: 0, beganAt: 0, open: false, armed: false, broken: false, error: undefined, end: undefined };
}

// What runs outside of all runs, such as the callbacks of streams, has a budget a turn.
const stray = begin(0);
let strayed = false;
let alone = null;
let labelled = false;
let lookedAt = 0;
let step = ${STEP};
let anyBroken = false;
let startupTicks = 0;
// Of all runs, and of what runs outside of them.
let spentMs = 0;

function current() {
  return (labelled ? labelOf() : undefined) ?? alone ?? stray;
}

// One error for all: where promises form long chains, each new one costs a walk along the chain for its stack.
function stop(run) {
  run.broken = anyBroken = true;
  run.error ??= new CpuLimitError("The script used up its " + run.cpuMs +
    " ms of processor time. Do less in one run, or raise its limit cpuMs (at most ${SCRIPT_LIMITS.cpuMs.max}).");
  run.end?.(run.error);
  throw run.error;
}

function stopStartup() {
  anyBroken = true;
  throw new CpuLimitError("The script's modules did too much while they loaded. Move the work into the handler.");
}

function charge(run, at) {
  const from = run.lookedAt > lookedAt ? run.lookedAt : lookedAt;
  run.lookedAt = lookedAt = at;
  if (at <= from) return 0;
  const tookMs = at - from;
  run.usedMs += tookMs;
  spentMs += tookMs;
  if (tookMs > run.longestMs) run.longestMs = tookMs;
  return tookMs;
}

function close(run) {
  run.open = run.armed = false;
  if (run === stray) forgetStray();
}

function forgetStray() {
  stray.usedMs = stray.longestMs = 0;
  stray.open = stray.armed = stray.broken = false;
  stray.error = undefined;
}

function look(run, at) {
  if (run === stray) {
    strayed = true;
    if (at - stray.lookedAt > ${AWAY_MS}) forgetStray();
  }
  if (run.broken) stop(run);
  if (run.open) {
    const tookMs = charge(run, at);
    if (tookMs >= ${DEAR_STEP_MS}) step = step > 8 ? step >> 2 : 1;
    else if (step < ${STEP}) step *= 2;
  } else {
    run.open = true;
    run.lookedAt = lookedAt = at;
  }
  if (!run.armed) {
    // Where no timer can be had the turn stays open, which counts waiting too: running out of timers is no way out.
    run.armed = true;
    try { later(close, 0, run); } catch { run.armed = false; }
  }
  // One long gap is forgiven: between two looks lies next to nothing, so it was rather the process that had no turn.
  if (run.usedMs - (run.longestMs < ${FORGIVEN_MS} ? run.longestMs : ${FORGIVEN_MS}) > run.cpuMs) stop(run);
}

export function c() {
  const at = clock();
  if (at !== 0) look(current(), at);
  else if ((startupTicks += step) > ${STARTUP_TICKS_MAX}) stopStartup();
  return step;
}

const isOwn = /^(?:node:[\\w/]+|cloudflare:workers|(?:\\.{1,2}\\/)+(?:[^./%\\\\][^/%\\\\]*\\/)*[^./%\\\\][^/%\\\\]*)$/;
// Its own, since test() asks for it, and the script may have put another in the prototype.
isOwn.exec = isOwn.exec;
const matches = isOwn.test.bind(isOwn);

// What a dynamic import names by a computed text: a file of the script's own or a built-in, and none of the platform's.
export function i(specifier) {
  const name = \`\${specifier}\`;
  if (matches(name)) return name;
  throw new TypeError("A script imports its own files and built-in modules only, and not " + name + ".");
}

export function r() {
  if (!anyBroken) return;
  if (clock() === 0) { if (startupTicks > ${STARTUP_TICKS_MAX}) stopStartup(); return; }
  const run = current();
  if (run.broken) stop(run);
}

// The run ends with its budget, even where the script waits for what was broken off.
function enter(run, task) {
  return new NativePromise((resolve, reject) => {
    run.end = reject;
    (async () => {
      try { resolve(await begun(run, task)); } catch (error) { reject(error); }
    })();
  });
}

function begun(run, task) {
  const at = clock();
  stray.cpuMs = run.cpuMs;
  run.beganAt = run.lookedAt = lookedAt = at;
  run.open = true;
  if (alone !== null && at - alone.beganAt > ${GONE_MS}) alone = null;
  try {
    if (alone === null && !strayed) { alone = run; return task(); }
    labelled = true;
    return withLabel(run, task);
  } finally {
    // A turn without a look has no timer that would end it.
    if (!run.armed) { charge(run, clock()); run.open = false; }
  }
}

function leave(run) {
  if (run.open) charge(run, clock());
  if (run !== alone) return;
  alone = null;
  run.open = false;
}

let claimed = false;
export function claim() {
  if (claimed) throw new TypeError("The meter is taken.");
  claimed = true;
  return { __proto__: null, begin, enter, leave, spent: () => spentMs };
}
`;
