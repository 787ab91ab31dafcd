import { spawnEdge, type EdgeOptions, type EdgeProcess } from "./edge.ts";
import { EdgeSlot } from "./edge-slot.ts";
import { Relief } from "./relief.ts";
import { StartError } from "./start-error.ts";
import { Warden } from "./warden.ts";
import { LOOK_INTERVAL_MS, type MemoryLimits } from "./watchdog.ts";

/** Time an edge keeps in any case to deliver its log when all stop, in milliseconds. */
const DRAIN_MIN_MS = 300;

/** Silence after which an edge does not count as one that serves, in milliseconds. */
const SERVING_SILENCE_MS = 200;

/** Pause between two orders to edges while anything is held against anybody, in milliseconds. */
const ORDERS_INTERVAL_MS = 2_000;

export interface EdgesOptions {
  /** One entry for each edge that is to run. */
  slots: readonly EdgeOptions[];
  /** The edge that stands in for a silent one; null where all edges take from one socket. */
  relief: EdgeOptions | null;
  /** How many public connections a process holds; null where nobody can say. */
  connectionsOf: (pid: number) => number | null;
  memory: MemoryLimits;
  /** Told whenever processes came or went. */
  onProcesses: (pids: readonly number[]) => void;
  /** Told in one line what the watchdog did. */
  onReplaced: (text: string) => void;
}

/** The edges of this computer, each watched and replaced as needed. */
export interface Edges {
  /** Resolves when every edge answers; rejects with a StartError when one cannot start. */
  ready: Promise<void>;
  pids(): number[];
  /**
   * Lets all finish for at most so long, in milliseconds.
   *
   * @param isIdle whether nobody is connected any more. Left to themselves, the edges would wait until the core gives
   *   up its RPC connections to them, which it never does.
   */
  stop(timeoutMs: number, isIdle: () => boolean): Promise<void>;
}

/** Starts the edges and watches them until they are stopped. */
export function startEdges(options: EdgesOptions): Edges {
  const { slots: slotOptions, memory, onProcesses, onReplaced, connectionsOf } = options;
  const alive = new Set<EdgeProcess>();
  const pids = (): number[] => [...alive].map((edge) => edge.pid).filter((pid) => pid !== 0);
  const warden = new Warden();
  const spawn = (name: string, options: EdgeOptions, standIn = false): EdgeProcess => {
    const edge = spawnEdge(name, options, { ...warden.openBook(), orders: warden.orders(Date.now(), standIn) });
    alive.add(edge);
    onProcesses(pids());
    void edge.ended.then(() => {
      alive.delete(edge);
      onProcesses(pids());
    });
    return edge;
  };
  const onDeath = ({ book }: EdgeProcess, outage: boolean): void => {
    const now = Date.now();
    const notice = warden.died(book, now, outage);
    if (notice !== null) onReplaced(notice);
    tellAll();
  };
  const tellAll = (): void => {
    for (const slot of slots) slot.order();
    relief?.order();
  };
  const orders = setInterval(() => {
    if (warden.troubled) tellAll();
  }, ORDERS_INTERVAL_MS);
  const common = {
    memory,
    shared: { recycling: false, startCpuMs: null },
    warden,
    connectionsOf,
    onReplaced,
    onDeath,
  };
  const slots = slotOptions.map(
    (options, index) =>
      new EdgeSlot({ ...common, standIn: false, name: `edge-${index}`, spawn: (name) => spawn(name, options) }),
  );
  const ready = allReady(slots);
  let relief: Relief | null = null;
  let stopped = false;
  // After the others, so that it takes no time from their start.
  const startRelief = (): void => {
    const { relief: how } = options;
    if (how === null || stopped) return;
    const spawnRelief = (name: string): EdgeProcess => spawn(name, how, true);
    relief = new Relief({ ...common, standIn: true, name: "relief", spawn: spawnRelief });
  };
  ready.then(startRelief, () => {});
  const looks = setInterval(() => {
    const now = performance.now();
    const serve = (other: Pick<EdgeSlot, "silentMs">): boolean => other.silentMs(now) < SERVING_SILENCE_MS;
    const serving = [...slots, ...(relief === null ? [] : [relief])].filter(serve);
    // The kernel has dealt out the connections: those of a hung edge are served by the relief or by nobody.
    const unrelieved = relief !== null && relief.helpless(now, SERVING_SILENCE_MS);
    for (const slot of slots) slot.look(now, unrelieved || serving.every((other) => other === slot));
    relief?.look(
      now,
      slots,
      serving.every((other) => other === relief),
    );
  }, LOOK_INTERVAL_MS);

  return {
    ready,
    pids,
    stop: async (timeoutMs, isIdle) => {
      clearInterval(looks);
      clearInterval(orders);
      stopped = true;
      for (const slot of slots) slot.stop();
      relief?.stop();
      const drained = Promise.all([...alive].map((edge) => edge.drain(timeoutMs)));
      const begun = performance.now();
      const idleLooks = setInterval(() => {
        if (performance.now() - begun < DRAIN_MIN_MS || !isIdle()) return;
        for (const edge of alive) edge.kill();
      }, LOOK_INTERVAL_MS / 2);
      await drained;
      clearInterval(idleLooks);
    },
  };
}

async function allReady(slots: readonly EdgeSlot[]): Promise<void> {
  const ready = await Promise.all(slots.map((slot) => slot.ready));
  if (ready.includes(false)) {
    throw new StartError("an edge process does not start", "look into logs/edge-*.log in the data folder");
  }
}
