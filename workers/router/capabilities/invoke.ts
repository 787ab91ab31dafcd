import * as z from "zod";

import { PlatformError } from "../../../contracts/errors.ts";
import {
  INVOKE_PAYLOAD_LENGTH_MAX,
  INVOKE_RESPONSE_BYTES_MAX,
  SCRIPT_NAME_LENGTH_MAX,
} from "../../../contracts/limits.ts";
import { readBounded } from "../dispatch/read-bounded.ts";
import { runScript, type RunResult } from "../dispatch/run.ts";
import { hostsOf } from "../hosts.ts";
import { findScript } from "../resolve/org.ts";
import { resolveOrg } from "../resolve/resolve.ts";
import type { Area } from "./area.ts";

const callSchema = z.strictObject({
  script: z.string().min(1).max(SCRIPT_NAME_LENGTH_MAX),
  /** JSON text. */
  payload: z.string().max(INVOKE_PAYLOAD_LENGTH_MAX),
  wait: z.boolean(),
});

/** The answer of a script that was invoked. */
interface Invoked {
  executionId: string;
  status: number;
  type: string;
  body: string;
}

/** Runs another endpoint script of the caller's org, in the caller's time when it waits. */
export const invoke: Area = async (call, { holder: { slug, orgId }, caller, env, ctx }): Promise<Invoked> => {
  const parsed = callSchema.safeParse(call);
  if (!parsed.success) {
    throw new PlatformError("invalid", "invoke takes the name of a script and a payload that is JSON.");
  }
  const { script: name, payload, wait } = parsed.data;
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
      eventDepth: caller.eventDepth,
      onStart: started,
    },
    env,
    ctx,
  );
  if (!wait) {
    const drained = running.then((result) => result.response?.body?.cancel());
    ctx.waitUntil(drained.catch(() => {}));
    const executionId = await Promise.race([began, running.then((result) => result.executionId)]);
    return { executionId, status: 202, type: "", body: "" };
  }
  return answerOf(await running);
};

async function answerOf(result: RunResult): Promise<Invoked> {
  if (result.response === null) {
    throw result.refusal ?? new PlatformError("internal", "The script did not answer.");
  }
  const { executionId, status } = result;
  const type = result.response.headers.get("content-type") ?? "";
  const { body, bodyEncoding, truncated } = await readBounded(result.response, INVOKE_RESPONSE_BYTES_MAX);
  if (truncated || bodyEncoding !== "utf8") {
    const reason = truncated ? `is over ${INVOKE_RESPONSE_BYTES_MAX} bytes` : "is no text";
    throw new PlatformError("too_large", `The answer of the invoked script ${reason}.`);
  }
  return { executionId, status, type, body };
}

const byteLength = (text: string): number => new TextEncoder().encode(text).byteLength;
