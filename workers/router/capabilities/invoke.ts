import * as z from "zod";

import { PlatformError } from "../../../contracts/errors.ts";
import {
  INVOKE_PAYLOAD_LENGTH_MAX,
  INVOKE_RESPONSE_BYTES_MAX,
  SCRIPT_NAME_LENGTH_MAX,
} from "../../../contracts/limits.ts";
import { standingRefusal } from "../admission/standing.ts";
import { runLater } from "../dispatch/later.ts";
import { readBounded } from "../dispatch/read-bounded.ts";
import { runScript, type RunResult } from "../dispatch/run.ts";
import { jsonRequest } from "../dispatch/written-request.ts";
import { hostsOf } from "../hosts.ts";
import { findScript } from "../resolve/org.ts";
import { followOrg } from "../resolve/resolve.ts";
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

/** Runs another endpoint script of the caller's org: in the caller's time when it waits, else later, with its end kept. */
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
  const org = await followOrg({ orgId, slug }, hostsOf(env), env, Date.now());
  const refusal = org === null ? null : standingRefusal(org.projection);
  if (refusal !== null) throw refusal;
  const script = org === null ? null : findScript(org, name);
  if (org === null || script === null || script.kind !== "endpoint") {
    throw new PlatformError("not_found", `There is no endpoint script ${JSON.stringify(name)} in this org.`);
  }
  const run = {
    org,
    script,
    trigger: "invoke" as const,
    params: {},
    path: "/",
    request: jsonRequest(`http://${slug}.${env.DOMAIN}/`, payload),
  };
  const { executionId, scriptName, depth, eventDepth, dueAt } = caller;
  const by = { executionId, scriptName, depth };
  if (!wait) {
    const started = await runLater({ ...run, caller: { ...by, eventDepth } }, env);
    return { executionId: started, status: 202, type: "", body: "" };
  }
  return answerOf(await runScript({ ...run, dueAt, caller: by, eventDepth }, env, ctx));
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
