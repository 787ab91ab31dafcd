import { WorkerEntrypoint } from "cloudflare:workers";
import * as z from "zod";

import { PlatformError, platformErrorOf } from "../../../contracts/errors.ts";
import {
  INVOKE_PAYLOAD_LENGTH_MAX,
  INVOKE_RESPONSE_BYTES_MAX,
  SCRIPT_NAME_LENGTH_MAX,
} from "../../../contracts/limits.ts";
import { readBounded } from "../dispatch/read-bounded.ts";
import { runTable, spend, type LiveRun } from "../dispatch/run-table.ts";
import { runScript, type RunResult } from "../dispatch/run.ts";
import type { HolderProps, RouterContext, RouterEnv } from "../env.ts";
import { hostsOf } from "../hosts.ts";
import { findScript } from "../resolve/org.ts";
import { resolveOrg } from "../resolve/resolve.ts";

const callSchema = z.strictObject({
  script: z.string().min(1).max(SCRIPT_NAME_LENGTH_MAX),
  /** JSON text. */
  payload: z.string().max(INVOKE_PAYLOAD_LENGTH_MAX),
  wait: z.boolean(),
});

/** What an invocation comes to, as the isolate is told: never an exception, so that nothing of ours shows. */
type Invoked =
  | { ok: true; executionId: string; status: number; type: string; body: string }
  | { ok: false; code: string; message: string };

/**
 * Runs another script of the same org in the name of a run. A tenant's code can call it with anything, so everything is
 * parsed, and the org is the tenant's own by props.
 */
export class Invoke extends WorkerEntrypoint<RouterEnv, HolderProps> {
  async call(executionId: unknown, call: unknown): Promise<Invoked> {
    try {
      const caller = runTable.find(this.ctx.props, executionId, Date.now());
      if (caller === null) throw new PlatformError("gone", "The run that calls is over.");
      spend(caller, "capabilityCalls", 1);
      const parsed = callSchema.safeParse(call);
      if (!parsed.success) {
        throw new PlatformError("invalid", "invoke takes the name of a script and a payload that is JSON.");
      }
      return await this.#invoke(caller, parsed.data);
    } catch (error) {
      const known = platformErrorOf(error);
      if (known !== null) return { ok: false, code: known.code, message: known.message };
      console.error("invoke:", error);
      return { ok: false, code: "internal", message: "Something went wrong on our side." };
    }
  }

  async #invoke(caller: LiveRun, { script: name, payload, wait }: z.infer<typeof callSchema>): Promise<Invoked> {
    const { env } = this;
    const { slug, orgId } = this.ctx.props;
    if (caller.depth >= caller.limits.invokeDepth) {
      caller.broken ??= "invokeDepth";
      throw new PlatformError("over_budget", `Scripts invoke each other ${caller.limits.invokeDepth} deep at most.`);
    }
    const org = await resolveOrg(hostsOf(env).bySlug(slug), env, Date.now());
    const script = org === null || org.projection.orgId !== orgId ? null : findScript(org, name);
    if (org === null || script === null || script.kind !== "endpoint") {
      throw new PlatformError("not_found", `There is no endpoint script ${JSON.stringify(name)} in this org.`);
    }
    let started: (executionId: string) => void = () => {};
    const began = new Promise<string>((resolve) => {
      started = resolve;
    });
    const running = runScript(
      {
        org,
        script,
        trigger: "invoke",
        params: {},
        path: "/",
        request: new Request(`http://${slug}.${env.DOMAIN}/`, {
          method: "POST",
          headers: { "content-type": "application/json", "content-length": String(byteLength(payload)) },
          body: payload,
        }),
        ...(wait ? { dueAt: caller.dueAt } : {}),
        caller: { executionId: caller.executionId, scriptName: caller.scriptName, depth: caller.depth },
        onStart: started,
      },
      env,
      this.ctx as unknown as RouterContext,
    );
    if (!wait) {
      const drained = running.then((result) => result.response?.body?.cancel());
      this.ctx.waitUntil(drained.catch(() => {}));
      const executionId = await Promise.race([began, running.then((result) => result.executionId)]);
      return { ok: true, executionId, status: 202, type: "", body: "" };
    }
    return answerOf(await running);
  }
}

async function answerOf(result: RunResult): Promise<Invoked> {
  if (result.response === null) {
    const { code, message } = result.refusal ?? new PlatformError("internal", "The script did not answer.");
    return { ok: false, code, message };
  }
  const { executionId, status } = result;
  const type = result.response.headers.get("content-type") ?? "";
  const { body, bodyEncoding, truncated } = await readBounded(result.response, INVOKE_RESPONSE_BYTES_MAX);
  if (truncated || bodyEncoding !== "utf8") {
    const reason = truncated ? `is over ${INVOKE_RESPONSE_BYTES_MAX} bytes` : "is no text";
    return { ok: false, code: "too_large", message: `The answer of the invoked script ${reason}.` };
  }
  return { ok: true, executionId, status, type, body };
}

const byteLength = (text: string): number => new TextEncoder().encode(text).byteLength;
