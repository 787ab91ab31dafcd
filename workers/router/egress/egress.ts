import { WorkerEntrypoint } from "cloudflare:workers";

import type { EgressProps, RouterEnv } from "../env.ts";
import { refusedCategory } from "./category.ts";

/**
 * Everything that leaves a script through `fetch`. It has no `connect`, so raw sockets are refused.
 * A redirect is followed in the script's isolate, hop by hop, and each hop comes through here.
 */
export class Egress extends WorkerEntrypoint<RouterEnv, EgressProps> {
  override async fetch(request: Request): Promise<Response> {
    const category = refusedCategory(new URL(request.url));
    if (category !== null) {
      throw new Error(`Egress refused: a script may not reach a ${category} address. Use a public http or https URL.`);
    }
    if (this.env.INTERNET === undefined) return fetch(request);
    return this.env.INTERNET.fetch(request);
  }
}
