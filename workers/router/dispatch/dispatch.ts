import { WorkerEntrypoint } from "cloudflare:workers";

import type { DispatchDoor, InvokeRequest, InvokeResponse } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import type { DeliverRequest, DeliverResult } from "../../../contracts/events/dispatch.ts";
import type { LogLine } from "../../../contracts/execution.ts";
import { EVENT_DEPTH_MAX, INVOKE_RESPONSE_BYTES_MAX, PROJECTION_FRESH_MS } from "../../../contracts/limits.ts";
import type { ProjectedScript } from "../../../contracts/projection.ts";
import { awaitedLines } from "../capabilities/console.ts";
import type { RouterContext, RouterEnv } from "../env.ts";
import { hostsOf } from "../hosts.ts";
import type { ResolvedOrg } from "../resolve/org.ts";
import { domains } from "../resolve/own-domain.ts";
import { resolveOrg } from "../resolve/resolve.ts";
import { deliver } from "./deliver.ts";
import { readBounded } from "./read-bounded.ts";
import { runScript } from "./run.ts";
import { findTarget } from "./target.ts";
import { requestOf } from "./written-request.ts";

/** The door to the isolates for everything that is not a request to a tenant's host. */
export class Dispatch extends WorkerEntrypoint<RouterEnv> implements DispatchDoor {
  async invoke(request: InvokeRequest): Promise<InvokeResponse> {
    const { env } = this;
    const target = await findTarget(request, env);
    if (target === null) throw new PlatformError("not_found", "There is no such script in this org.");
    const { org, script } = target;
    const awaited: LogLine[] = [];
    const ctx = this.ctx as unknown as RouterContext;
    const url = `http://${request.slug}.${env.DOMAIN}${request.path}`;
    let key = "";
    try {
      const result = await runScript(
        {
          org,
          script,
          trigger: request.event ?? "invoke",
          params: paramsOf(org, script, request, env.DOMAIN),
          path: request.path,
          ...(request.replayOf ? { replayOf: request.replayOf } : {}),
          ...(request.event ? { isEvent: true, eventDepth: depthIn(request) } : {}),
          linesFirst: true,
          onStart: (executionId) => {
            key = `${request.orgId}/${executionId}`;
            awaitedLines.set(key, awaited);
          },
          request: requestOf(url, request),
        },
        env,
        ctx,
      );
      if (result.response === null) {
        const { refusal } = result;
        if (refusal !== null && refusal.code === "unavailable") throw refusal;
      }
      const answer = result.response ?? new Response(null, { status: 502 });
      return {
        executionId: result.executionId,
        status: result.status,
        headers: Object.fromEntries(result.response === null ? [] : answer.headers),
        ...(await readBounded(answer, INVOKE_RESPONSE_BYTES_MAX)),
        durationMs: result.durationMs,
        lines: [...awaited, ...(result.fault?.lines ?? [])],
        error: result.fault?.error ?? null,
      };
    } finally {
      awaitedLines.delete(key);
    }
  }

  deliver(request: DeliverRequest): Promise<DeliverResult> {
    return deliver(request, this.env, this.ctx as unknown as RouterContext);
  }

  async warm(slug: string): Promise<void> {
    // As if it were later, so that what is still good now is so then.
    await resolveOrg(hostsOf(this.env).bySlug(slug), this.env, Date.now() + PROJECTION_FRESH_MS);
  }

  forget(slug: string): Promise<void> {
    hostsOf(this.env).forget(slug);
    return Promise.resolve();
  }

  forgetDomain(hostname: string): Promise<void> {
    domains.forget(hostname.toLowerCase());
    return Promise.resolve();
  }
}

/** What a route to the script captures from the path, as if the request had come over the org's host. */
function paramsOf(
  { matcher }: ResolvedOrg,
  script: ProjectedScript,
  { method, slug, path }: InvokeRequest,
  domain: string,
): Record<string, string> {
  const [target = "/"] = path.split("?", 1);
  const match = matcher.match(method, `${slug}.${domain}`, target);
  return match !== null && match.route.scriptId === script.id ? match.params : {};
}

/** Events above one that is run again by hand: what it says of itself, within the bound. */
function depthIn({ body }: InvokeRequest): number {
  try {
    const { depth } = JSON.parse(body ?? "") as { depth?: unknown };
    return Number.isInteger(depth) ? Math.min(Math.max(depth as number, 1), EVENT_DEPTH_MAX) : 1;
  } catch {
    throw new PlatformError("invalid", "The body of an event must be the event as JSON.", {
      issues: [{ field: "body", reason: "must be the event as JSON" }],
    });
  }
}
