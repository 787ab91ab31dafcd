import { WorkerEntrypoint } from "cloudflare:workers";

import type { RouterEnv } from "./env.ts";
import { deliverLog, logBuffer } from "./log/delivery.ts";

/**
 * What the launcher asks of an edge over its private socket: whether it is alive, and to hand over its log.
 * The answer never waits for the log: a slow core must not look like a hung edge.
 */
export class Control extends WorkerEntrypoint<RouterEnv> {
  override fetch(request: Request): Response {
    const path = new URL(request.url).pathname;
    if (path === "/flush" && request.method === "POST") this.ctx.waitUntil(deliverLog(this.env.STATE));
    else if (path !== "/beat") return new Response("not found\n", { status: 404 });
    return Response.json({ ok: true, logRecords: logBuffer.size });
  }
}
