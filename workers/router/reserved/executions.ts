import { PlatformError } from "../../../contracts/errors.ts";
import { idSchema } from "../../../contracts/ids.ts";
import { stateOf } from "../capabilities/state.ts";
import type { Handler } from "./surroundings.ts";

const executionId = idSchema("execution");
const NO_STORE = { "cache-control": "no-store" };

/** What has become of a run that nobody waited for. Its id is nobody's but whoever was given it. */
export const execution: Handler = async (request, { org, env }) => {
  const id = executionId.safeParse(request.params["id"]);
  const run = id.success ? await stateOf(env).findAsyncRun(org.projection.orgId, id.data) : null;
  if (run === null) {
    throw new PlatformError(
      "not_found",
      "No run that was asked for without waiting has this id, or its end is long past.",
    );
  }
  const { state, createdAt, endedAt, attempts, result, error } = run;
  const facts = { executionId: run.executionId, state, createdAt, endedAt, attempts };
  if (state === "waiting" || state === "running") {
    const headers = { ...NO_STORE, "retry-after": "1" };
    return Response.json({ ...facts, status: "pending" }, { status: 202, headers });
  }
  const { status = null, headers = null, body = null, bodyEncoding = null } = result ?? {};
  return Response.json({ ...facts, status, headers, body, bodyEncoding, error }, { headers: NO_STORE });
};
