import { WorkerEntrypoint } from "cloudflare:workers";

import type { DispatchDoor, InvokeRequest, InvokeResponse } from "../../../contracts/doors.ts";
import { PlatformError } from "../../../contracts/errors.ts";
import type { LogLine } from "../../../contracts/execution.ts";
import { INVOKE_RESPONSE_BYTES_MAX } from "../../../contracts/limits.ts";
import type { ProjectedScript } from "../../../contracts/projection.ts";
import { awaitedLines } from "../capabilities/console.ts";
import type { RouterContext, RouterEnv } from "../env.ts";
import { hostsOf } from "../hosts.ts";
import type { ResolvedOrg } from "../resolve/org.ts";
import { resolveOrg } from "../resolve/resolve.ts";
import { readBounded } from "./read-bounded.ts";
import { runScript } from "./run.ts";

/** The door to the isolates for everything that is not a request to a tenant's host. */
export class Dispatch extends WorkerEntrypoint<RouterEnv> implements DispatchDoor {
  async invoke(request: InvokeRequest): Promise<InvokeResponse> {
    const { env } = this;
    const known = hostsOf(env).bySlug(request.slug);
    let org = await resolveOrg(known, env, Date.now());
    let script = org?.projection.scripts[request.scriptId];
    if (script === undefined) {
      hostsOf(env).forget(request.slug);
      org = await resolveOrg(known, env, Date.now());
      script = org?.projection.scripts[request.scriptId];
    }
    if (org === null || script === undefined || org.projection.orgId !== request.orgId) {
      throw new PlatformError("not_found", "There is no such script in this org.");
    }
    const awaited: LogLine[] = [];
    const ctx = this.ctx as unknown as RouterContext;
    const url = `http://${request.slug}.${env.DOMAIN}${request.path}`;
    let key = "";
    try {
      const result = await runScript(
        {
          org,
          script,
          trigger: "invoke",
          params: paramsOf(org, script, request, env.DOMAIN),
          path: request.path,
          ...(request.replayOf ? { replayOf: request.replayOf } : {}),
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

  forget(slug: string): Promise<void> {
    hostsOf(this.env).forget(slug);
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

/** The request as it is written down; what no client could send is refused. */
function requestOf(url: string, { method, headers, body, bodyEncoding }: InvokeRequest): Request {
  try {
    const bytes = body !== null && bodyEncoding === "base64";
    const content = bytes ? Uint8Array.from(atob(body), (character) => character.charCodeAt(0)) : body;
    return new Request(url, { method, headers, body: content, redirect: "manual" });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PlatformError("invalid", `This is no request that could be sent: ${reason}`, { issues: [{ reason }] });
  }
}
