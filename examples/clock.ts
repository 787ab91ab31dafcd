/**
 * Server-sent events: the time, once a second, for as long as somebody listens.
 *
 *   npx isola deploy examples/clock.ts --org hello --route "GET /clock"
 *   curl -N http://hello.localhost:8787/clock
 */
import type { Handler } from "../sdk/types.ts";

const TICK_MS = 1_000;

const clock: Handler = () => {
  const encoder = new TextEncoder();
  let ticks = 0;
  // The next tick is made only when the last one was taken: without a listener the clock stands still.
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (ticks > 0) await scheduler.wait(TICK_MS);
      ticks += 1;
      controller.enqueue(encoder.encode(`id: ${ticks}\nevent: tick\ndata: ${new Date().toISOString()}\n\n`));
    },
    cancel() {
      console.log(`The listener left after ${ticks} ticks`);
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
};

export default clock;
