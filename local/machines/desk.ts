import { faultOfImage, faultPlan, faultsSchema, type Fault, type Operation } from "./faults.ts";
import { openHoldings } from "./holdings.ts";
import { machineLife } from "./life.ts";
import { operations, Refusal, said, shown, type Reply, type Route } from "./operations.ts";

/** Calls that are remembered for who looks. */
const CALLS_KEPT_MAX = 5_000;

/** One call that was made. */
interface Call {
  operation: Operation;
  status: number;
  at: number;
}

/** What becomes of a call, and how it is told. */
interface Outcome {
  reply: Reply;
  /** `hangs`: it is never told; `lost`: the connection ends instead. */
  ending: "told" | "hangs" | "lost";
  headers: Readonly<Record<string, string>>;
  /** Time before it is told, in milliseconds. */
  waitMs: number;
}

/** The practice provider without its HTTP. */
export interface Desk {
  open(): Promise<void>;
  ask(method: string, url: URL, body: string): Outcome;
  close(): void;
}

/** What faults answer that stop an operation before it is done. */
const REFUSALS: Partial<Record<Fault["kind"], readonly [status: number, code: string, message: string]>> = {
  refused: [403, "quota", "The account may not have more."],
  taken: [409, "taken", "The name is taken."],
  broken: [500, "broken", "Something broke."],
  unavailable: [503, "unavailable", "Try again later."],
  busy: [429, "busy", "Too many calls."],
  no_capacity: [422, "no_capacity", "There is no room."],
  no_image: [422, "no_image", "There is no such image."],
  revoked: [401, "unauthorized", "The token is not good any more."],
};

/** @param options.paceMs least time between two calls about one machine */
export function desk(options: { stateFile: string | null; paceMs?: number }): Desk {
  const kept = openHoldings(options.stateFile);
  const life = machineLife(kept);
  const routes = operations(kept, life);
  const faults = faultPlan();
  const calls: Call[] = [];
  const seen = new Map<string, number>();
  let paceMs = options.paceMs ?? 0;

  /** Whether a machine is asked about sooner than it may be; 0 when not, else how long to wait. */
  const tooSoon = (path: string): number => {
    const [, machine] = /^\/v1\/machines\/([^/]+)/.exec(path) ?? [];
    if (paceMs === 0 || machine === undefined) return 0;
    const left = (seen.get(machine) ?? 0) + paceMs - Date.now();
    if (left > 0) return left;
    seen.set(machine, Date.now());
    return 0;
  };

  const operate = (route: Route, url: URL, text: string): Outcome => {
    const ids = (route.path.exec(url.pathname) ?? []).slice(1).map((id) => decodeURIComponent(id));
    const asked = { ids, query: url.searchParams, body: parse(text) };
    const image = (asked.body as { image?: unknown } | null)?.image;
    const fault =
      faults.take(route.operation, route.subject(asked)) ??
      (typeof image === "string" ? faultOfImage(image, route.operation) : null);
    const outcome = { ending: "told", headers: {}, waitMs: 0 } as const;
    const soonMs = tooSoon(url.pathname);
    if (soonMs > 0) return { ...outcome, ...busy(soonMs) };
    if (fault?.kind === "busy") return { ...outcome, ...busy(fault.ms) };
    if (fault?.kind === "hangs") return { ...outcome, reply: { status: 0 }, ending: "hangs" };
    const refusal = fault === null ? undefined : REFUSALS[fault.kind];
    if (refusal !== undefined) return { ...outcome, reply: said(new Refusal(...refusal)) };
    const reply = attempt(() => route.run({ ...asked, fault }));
    if (fault?.kind === "lost") return { ...outcome, reply, ending: "lost" };
    return { ...outcome, reply, waitMs: fault?.kind === "late" ? fault.ms : 0 };
  };

  /** What tests and people ask, besides the API. */
  const practise = (method: string, url: URL, text: string): Reply => {
    const { pathname } = url;
    if (pathname === "/faults") {
      if (method === "GET") return { status: 200, body: faults.left() };
      const parsed = faultsSchema.safeParse(method === "DELETE" ? [] : parse(text));
      if (!parsed.success) throw new Refusal(422, "invalid", parsed.error.issues[0]?.message ?? "is not valid");
      faults.set(parsed.data);
      return { status: 200, body: faults.left() };
    }
    if (pathname === "/pace" && method === "POST") {
      paceMs = Number((parse(text) as { ms?: unknown } | null)?.ms) || 0;
      return { status: 200, body: { ms: paceMs } };
    }
    if (pathname === "/resources" && method === "GET") {
      const { groups, volumes, machines } = kept.holdings;
      return { status: 200, body: { groups, volumes, machines: machines.map(shown), calls } };
    }
    const [, id, deed] = /^\/machines\/([^/]+)\/(exit|vanish)$/.exec(pathname) ?? [];
    const machine = kept.holdings.machines.find((each) => each.id === id);
    if (machine === undefined || method !== "POST") throw new Refusal(404, "not_found", "There is no such thing.");
    if (deed === "exit") life.exit(machine, 1);
    else life.vanish(machine);
    return { status: 204 };
  };

  return {
    open: () => life.resume(),
    ask: (method, url, text) => {
      const route = routes.find((each) => each.method === method && each.path.test(url.pathname));
      if (route === undefined) {
        const reply = attempt(() => practise(method, url, text));
        return { reply, ending: "told", headers: {}, waitMs: 0 };
      }
      const outcome = operate(route, url, text);
      calls.push({ operation: route.operation, status: outcome.reply.status, at: Date.now() });
      if (calls.length > CALLS_KEPT_MAX) calls.shift();
      return outcome;
    },
    close: () => life.close(),
  };
}

const busy = (ms: number): Pick<Outcome, "reply" | "headers"> => ({
  reply: said(new Refusal(429, "busy", "Too many calls.")),
  headers: { "retry-after": `${Math.ceil(ms / 1_000)}` },
});

function attempt(action: () => Reply): Reply {
  try {
    return action();
  } catch (error) {
    if (error instanceof Refusal) return said(error);
    throw error;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
