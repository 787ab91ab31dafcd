import { WorkerEntrypoint } from "cloudflare:workers";

import type { RouterEnv } from "./env.ts";
import { wallClock } from "./dispatch/wall-clock.ts";
import { deliverLog, logBuffer } from "./log/delivery.ts";
import { deliverRest, ending } from "./log/ending.ts";
import { readOrders } from "./quarantine/watch.ts";

/**
 * What the launcher asks of an edge over its private socket: whether it is alive (which also ends overdue runs), to hand
 * over its log, to hold back orgs, and to finish.
 * The answer never waits for the log, but at the end: a slow core must not look like a hung edge.
 */
export class Control extends WorkerEntrypoint<RouterEnv> {
  override async fetch(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname;
    wallClock.sweep(Date.now());
    if (path === "/flush" && request.method === "POST") this.ctx.waitUntil(deliverLog(this.env.STATE));
    else if (path === "/end" && request.method === "POST") {
      ending.begun = true;
      await deliverRest(this.env.STATE);
    } else if (path === "/orders" && request.method === "POST") await readOrders(request);
    else if (path !== "/beat") return new Response("not found\n", { status: 404 });
    return Response.json({ ok: true, logRecords: logBuffer.size });
  }
}
