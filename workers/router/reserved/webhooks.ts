import { PlatformError } from "../../../contracts/errors.ts";
import { idSchema } from "../../../contracts/ids.ts";
import { WEBHOOK_BODY_BYTES_MAX } from "../../../contracts/limits.ts";
import { stateOf } from "../capabilities/state.ts";
import { tooLarge } from "../dispatch/body-limit.ts";
import { readBounded } from "../dispatch/read-bounded.ts";
import type { Handler } from "./surroundings.ts";

const triggerId = idSchema("trigger");

/** Takes in a signed message for a webhook trigger: once it is answered, it is kept and will be delivered. */
export const webhook: Handler = async (request, { original, org, env }) => {
  const id = triggerId.safeParse(request.params["trigger"]);
  if (!id.success) throw new PlatformError("not_found", "There is no webhook at this path.");
  if (Number(original.headers.get("content-length")) > WEBHOOK_BODY_BYTES_MAX) throw tooLarge(WEBHOOK_BODY_BYTES_MAX);
  const { body, bodyEncoding, truncated } = await readBounded(original, WEBHOOK_BODY_BYTES_MAX);
  if (truncated) throw tooLarge(WEBHOOK_BODY_BYTES_MAX);
  const message = { headers: Object.fromEntries(original.headers), body, bodyEncoding };
  const receipt = await stateOf(env).receiveWebhook(org.projection.orgId, id.data, message);
  if (receipt.outcome === "refused") throw new PlatformError(receipt.code, receipt.message);
  const { outcome, deliveryId } = receipt;
  const status = outcome === "accepted" ? 202 : 200;
  return Response.json({ outcome, deliveryId }, { status, headers: { "cache-control": "no-store" } });
};
