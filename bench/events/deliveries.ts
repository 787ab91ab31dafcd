import { percentile, round } from "../support/stats.ts";
import { pause, type EventStage } from "./stage.ts";

/** Events a second, and for how many seconds. */
const RATE = 100;
const RATE_SECONDS = 10;
/** Events of the sustained run, and keys of one write. */
const FLOOD = 6_000;
const FLOOD_BATCH = 500;
const ARRIVAL_MS = 60_000;

/** Handlers remember how late they began; whoever asks an isolate gets what it has, by its id. */
const SOURCE = `
import { kv } from "isola";

let id;
let handled = [];
const events = kv.collection("events");

export default {
  event(event) {
    handled.push([event.at, Date.now()]);
  },
  async fetch(request) {
    id ??= crypto.randomUUID();
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/write") await events.set(searchParams.get("key"), { n: 1 });
    if (pathname === "/flood") {
      const from = Number(searchParams.get("from"));
      await events.setMany(Array.from({ length: ${FLOOD_BATCH} }, (_, index) => ["flood-" + (from + index), { n: index }]));
    }
    if (pathname === "/reset") handled = [];
    return Response.json({ id, handled: pathname === "/stats" ? handled : handled.length });
  },
};
`;

type Handled = [at: number, startedAt: number];

/** How soon a handler begins after its event at a steady rate, and how many deliveries one tenant gets in a second. */
export async function measureDeliveries(stage: EventStage, report: (line: string) => void) {
  await stage.deploy("events", SOURCE);
  await stage.api.call("POST", "/orgs/events/triggers", {
    name: "on-write",
    script: "main",
    source: { kind: "kv", collection: "events" },
  });
  await steady(stage, 2);
  await reset(stage);

  await steady(stage, RATE_SECONDS);
  const delays = (await gathered(stage, RATE * RATE_SECONDS)).map(([at, startedAt]) => startedAt - at);
  const figures = {
    deliveryP50Ms: round(percentile(delays, 0.5), 2),
    deliveryP99Ms: round(percentile(delays, 0.99), 2),
  };
  report(
    `${delays.length} events at ${RATE}/s: handler begun after p50 ${figures.deliveryP50Ms} ms, p99 ${figures.deliveryP99Ms} ms`,
  );

  await reset(stage);
  const began = Date.now();
  for (let from = 0; from < FLOOD; from += FLOOD_BATCH) await stage.get("events", `/flood?from=${from}`);
  const flood = await gathered(stage, FLOOD);
  const seconds = (Math.max(...flood.map(([, startedAt]) => startedAt)) - began) / 1_000;
  const deliveriesPerSecond = Math.round(flood.length / seconds);
  report(
    `${flood.length} events at once: ${deliveriesPerSecond} deliveries a second, the last after ${seconds.toFixed(1)} s`,
  );
  return { ...figures, deliveriesPerSecond };
}

async function steady(stage: EventStage, seconds: number): Promise<void> {
  const began = performance.now();
  const writes: Promise<unknown>[] = [];
  for (let index = 0; index < RATE * seconds; index++) {
    await pause(Math.max(0, began + (index * 1_000) / RATE - performance.now()));
    writes.push(stage.get("events", `/write?key=${seconds}-${index}`));
  }
  await Promise.all(writes);
}

/** What all isolates have handled, once it is so many. */
async function gathered(stage: EventStage, count: number): Promise<Handled[]> {
  const until = Date.now() + ARRIVAL_MS;
  for (;;) {
    const isolates = await everyIsolate(stage, "/stats");
    const handled = isolates.flatMap((isolate) => isolate as Handled[]);
    if (handled.length >= count) return handled;
    if (Date.now() > until) throw new Error(`${handled.length} of ${count} events arrived in ${ARRIVAL_MS} ms.`);
    await pause(100);
  }
}

const reset = async (stage: EventStage): Promise<void> => void (await everyIsolate(stage, "/reset"));

/** Asks until both edges' isolates have answered; each connection may come to either. */
async function everyIsolate(stage: EventStage, path: string): Promise<unknown[]> {
  const found = new Map<string, unknown>();
  for (let index = 0; index < 60 && found.size < 2; index++) {
    const { id, handled } = (await stage.get("events", path)) as { id: string; handled: unknown };
    found.set(id, handled);
  }
  return [...found.values()];
}
