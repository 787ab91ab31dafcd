import { PlatformError, platformErrorOf } from "../errors.ts";

/** How a door's method may be called: its deadline in milliseconds, and whether calling it twice does no harm. */
export interface CallRule {
  deadlineMs: number;
  safe: boolean;
}
export type Rules<D> = Record<keyof D, CallRule>;

/**
 * The same door with a deadline on every call and one retry of what is safe to repeat. Refusals come
 * out as `PlatformError`s; a door that does not answer is `unavailable`; anything else is a bug and is rethrown.
 */
export function guard<D extends object>(door: D, name: string, rules: Rules<D>): D {
  return new Proxy(door, {
    get(target, method) {
      const rule = Object.hasOwn(rules, method) ? rules[method as keyof D] : undefined;
      if (rule === undefined) return undefined;
      // Called on the stub: a method of an RPC stub is itself a stub and must not be taken off it.
      const stub = target as Record<keyof D, (...args: unknown[]) => Promise<unknown>>;
      return (...args: unknown[]) => guarded(() => stub[method as keyof D](...args), name, rule);
    },
  });
}

async function guarded(call: () => Promise<unknown>, name: string, rule: CallRule): Promise<unknown> {
  const began = Date.now();
  try {
    return await bounded(call(), name, rule.deadlineMs);
  } catch (error) {
    const left = rule.deadlineMs - (Date.now() - began);
    if (!rule.safe || platformErrorOf(error) !== null || left <= 0) throw refusalOf(error, name);
    try {
      return await bounded(call(), name, left);
    } catch (again) {
      throw refusalOf(again, name);
    }
  }
}

async function bounded(answer: Promise<unknown>, name: string, deadlineMs: number): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(unavailable(name)), deadlineMs);
  });
  try {
    return released(await Promise.race([answer, late]));
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}

/** Doors answer plain data; letting go of the session at once frees the other side. */
function released(result: unknown): unknown {
  if (typeof result !== "object" || result === null) return result;
  (result as { [Symbol.dispose]?: () => void })[Symbol.dispose]?.();
  return result;
}

const REFUSED = /connection refused/i;
const LOST = /network connection lost|disconnected|connection (?:reset|closed)|overloaded|broken|reset because/i;

function refusalOf(error: unknown, name: string): unknown {
  const refusal = platformErrorOf(error);
  if (refusal !== null) return refusal;
  const { retryable, overloaded, message } = error as { retryable?: boolean; overloaded?: boolean; message?: string };
  if (REFUSED.test(message ?? "")) return unavailable(name, { begun: false });
  if (retryable === true || overloaded === true || LOST.test(message ?? "")) return unavailable(name);
  return error;
}

/** `begun: false` in the details says that nobody took the call. */
const unavailable = (name: string, details: { begun?: false } = {}): PlatformError =>
  new PlatformError("unavailable", `${name} does not answer right now. Try again in a moment.`, {
    retryAfterSeconds: 1,
    ...details,
  });
