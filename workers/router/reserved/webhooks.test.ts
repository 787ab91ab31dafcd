import { beforeEach, describe, expect, it } from "vitest";

import type { WebhookMessage, WebhookReceipt } from "../../../contracts/events/delivery.ts";
import { newId } from "../../../contracts/ids.ts";
import { WEBHOOK_BODY_BYTES_MAX } from "../../../contracts/limits.ts";
import { authority, newTenant, type Tenant } from "../testing/tenant.ts";

const trigger = newId("trigger");
const url = `/.isola/v1/webhooks/${trigger}`;
let tenant: Tenant;

beforeEach(async () => {
  await authority.setFailing([]);
  await authority.takeAsked("receiveWebhook");
  tenant = await newTenant();
});

async function post(receipt: WebhookReceipt, init: RequestInit = { body: "{}" }): Promise<[number, unknown]> {
  await authority.setAnswers("receiveWebhook", [{ value: receipt }]);
  const response = await tenant.fetch(url, { method: "POST", ...init });
  return [response.status, await response.json()];
}

const accepted = { outcome: "accepted" as const, deliveryId: "dlv_1" };

describe("a webhook", () => {
  it("is handed to the state as it came, and accepted", async () => {
    const headers = { "webhook-id": "msg_1", "webhook-signature": "v1,abc", "content-type": "application/json" };
    expect(await post(accepted, { body: '{ "a": 1 }\n', headers })).toEqual([202, accepted]);
    const [[orgId, id, message] = []] = await authority.takeAsked("receiveWebhook");
    expect([orgId, id]).toEqual([tenant.orgId, trigger]);
    expect(message).toMatchObject({ body: '{ "a": 1 }\n', bodyEncoding: "utf8", headers });
  });

  it("may be bytes", async () => {
    await post(accepted, { body: new Uint8Array([0xef, 0xbb, 0xbf, 0xff]) });
    const [[, , message] = []] = await authority.takeAsked("receiveWebhook");
    expect(message as WebhookMessage).toMatchObject({ body: "77u//w==", bodyEncoding: "base64" });
  });

  it("is told apart from one that came before", async () => {
    const duplicate = { outcome: "duplicate" as const, deliveryId: "dlv_1" };
    expect(await post(duplicate)).toEqual([200, duplicate]);
  });

  it.each([
    ["not_found", 404],
    ["unauthenticated", 401],
    ["malformed", 400],
    ["too_large", 413],
  ] as const)("is refused as %s with %i", async (code, status) => {
    const answer = await post({ outcome: "refused", code, message: "because" });
    expect(answer).toMatchObject([status, { error: { code, message: "because" } }]);
  });

  it.each(["declared", "streamed"])(
    "with a %s body over the limit is refused before anybody looks at it",
    async (how) => {
      const text = "x".repeat(WEBHOOK_BODY_BYTES_MAX + 1);
      const [status] = await post(accepted, { body: how === "declared" ? text : new Blob([text]).stream() });
      expect(status).toBe(413);
      expect(await authority.takeAsked("receiveWebhook")).toEqual([]);
    },
  );

  it("at what is no trigger's id is not there", async () => {
    const response = await tenant.fetch("/.isola/v1/webhooks/on-push", { method: "POST", body: "{}" });
    expect(response.status).toBe(404);
    expect(await authority.takeAsked("receiveWebhook")).toEqual([]);
  });

  it.each(["GET", "PUT", "DELETE"])("does not come by %s", async (method) => {
    const response = await tenant.fetch(url, { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it("is asked for again where the state is down", async () => {
    await authority.setAnswers("receiveWebhook", [{ refusal: { code: "unavailable", message: "later" } }]);
    const response = await tenant.fetch(url, { method: "POST", body: "{}" });
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  });
});
