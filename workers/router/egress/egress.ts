import { WorkerEntrypoint } from "cloudflare:workers";

import { egressMessage } from "../../../contracts/egress/category.ts";
import { judgeUrl } from "../../../contracts/egress/judge.ts";
import type { Projection } from "../../../contracts/projection.ts";
import { chargeSubrequest, spend } from "../dispatch/run-table.ts";
import { RUN_HEADER } from "../dispatch/run-facts.ts";
import type { EgressProps, RouterEnv } from "../env.ts";
import { hostsOf } from "../hosts.ts";
import { followOrg } from "../resolve/resolve.ts";
import { counted } from "./counted.ts";
import { boundedResponse } from "./incoming.ts";
import { declaredLength, outgoingRequest } from "./outgoing.ts";

const UNREACHABLE =
  "Egress failed (unreachable): the host cannot be reached. Its name is unknown, nothing answers there, " +
  "its certificate is not trusted, or its name leads to an address that is not public.";

/**
 * Everything that leaves a script through `fetch`. It has no `connect`, so raw sockets are refused.
 * A redirect is followed in the script's isolate, hop by hop, and each hop comes through here.
 */
export class Egress extends WorkerEntrypoint<RouterEnv, EgressProps> {
  override async fetch(request: Request): Promise<Response> {
    const { env } = this;
    const declared = declaredLength(request);
    const run = forScripts(() => chargeSubrequest(this.ctx.props, request.headers.get(RUN_HEADER), declared ?? 0));
    const { egress: lists } = (await this.#getOrg()).settings;
    const { url, category } = judgeUrl(request.url, { domain: env.DOMAIN, appHost: env.APP_HOST, lists });
    if (url === null) throw new Error(egressMessage(category));

    let refusal: unknown = null;
    const body = boundedBody(request.body, declared, (bytes) => {
      try {
        forScripts(() => spend(run, "egressBytes", bytes));
      } catch (error) {
        refusal = error;
        throw error;
      }
    });
    let response: Response;
    try {
      response = await this.#send(outgoingRequest(request, url, body));
    } catch (error) {
      throw refusal ?? error;
    }
    // A receiver may take the part that it got for the whole, and answer.
    if (refusal !== null) throw refusal;
    return boundedResponse(response);
  }

  /** On one computer through the network service, which connects to public addresses only; on Cloudflare the global `fetch` does. */
  async #send(request: Request): Promise<Response> {
    // Past the cache that all orgs would share, in which one could leave something for another.
    if (this.env.INTERNET === undefined) return fetch(request, { cache: "no-store" });
    try {
      return await this.env.INTERNET.fetch(request);
    } catch (error) {
      // All that the network service says is a number under which nobody finds anything.
      if (!(error instanceof Error && error.message.startsWith("internal error"))) throw error;
      throw new Error(UNREACHABLE, { cause: error });
    }
  }

  async #getOrg(): Promise<Projection> {
    const org = await followOrg(this.ctx.props, hostsOf(this.env), this.env, Date.now());
    // What runs in an org that is being suspended may finish.
    if (org === null || org.projection.state === "destroying") {
      throw new Error("Egress refused (gone): this script's org is not there any more.");
    }
    return org.projection;
  }
}

/** A body that is as long as it says, which is paid for already, or is paid for while it goes. */
function boundedBody(
  body: ReadableStream<Uint8Array> | null,
  declared: number | null,
  pay: (bytes: number) => void,
): ReadableStream<Uint8Array> | null {
  if (body === null) return null;
  return declared === null ? counted(body, pay) : body.pipeThrough(new FixedLengthStream(declared));
}

/** Only the text of a refusal crosses into the isolate, and no class or field of ours. */
function forScripts<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(error instanceof Error ? error.message : "Egress refused.", { cause: error });
  }
}
