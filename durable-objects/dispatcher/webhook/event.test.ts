import { describe, expect, it } from "vitest";

import { utf8Length } from "../../../contracts/data/value.ts";
import type { EventData } from "../../../contracts/events/event.ts";
import {
  EVENT_BYTES_MAX,
  VALUE_DEPTH_MAX,
  WEBHOOK_BODY_BYTES_MAX,
  WEBHOOK_HEADERS_LENGTH_MAX,
} from "../../../contracts/limits.ts";
import { bytesOf, lowerCased, webhookEventText } from "./event.ts";

const claim = { id: "msg_1", timestamp: 1_614_265_330_000 };

function eventOf(body: string | Uint8Array, headers: Record<string, string> = { "content-type": "application/json" }) {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const event = JSON.parse(webhookEventText(claim, headers, bytes)) as EventData;
  if (event.kind !== "webhook") throw new Error("no webhook");
  return event;
}

describe("the event of a webhook", () => {
  it("has the body as a value where it is JSON", () => {
    expect(eventOf('{"a":[1,null]}')).toEqual({
      kind: "webhook",
      messageId: "msg_1",
      timestamp: 1_614_265_330_000,
      contentType: "application/json",
      headers: { "content-type": "application/json" },
      body: { a: [1, null] },
    });
    expect(eventOf("17", { "content-type": "application/cloudevents+json; charset=utf-8" }).body).toBe(17);
  });

  it("has the body as text where it is not JSON, or is only said to be", () => {
    expect(eventOf("a=1", { "content-type": "application/x-www-form-urlencoded" }).body).toBe("a=1");
    expect(eventOf('{"a":1}', { "content-type": "text/plain" }).body).toBe('{"a":1}');
    expect(eventOf('{"a":1}', {}).body).toBe('{"a":1}');
    expect(eventOf('{"a":').body).toBe('{"a":');
    expect(eventOf("").body).toBe("");
    expect(eventOf("\ufeff{}").body).toBe("\ufeff{}");
  });

  it("has the body as text where it is JSON deeper than a value may be", () => {
    const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    expect(typeof eventOf(nested(VALUE_DEPTH_MAX)).body).toBe("object");
    expect(eventOf(nested(VALUE_DEPTH_MAX + 1)).body).toBe(nested(VALUE_DEPTH_MAX + 1));
    expect(eventOf(nested(100_000)).body).toBe(nested(100_000));
  });

  it("has the body in base 64 where it is no text, and says so", () => {
    const event = eventOf(Uint8Array.from([0xff, 0x00, 0x80]), { "content-type": "image/png" });
    expect(event).toMatchObject({ body: "/wCA", bodyEncoding: "base64" });
  });

  it("fits an event however its body is written", () => {
    for (const body of ["\u0001".repeat(WEBHOOK_BODY_BYTES_MAX), `"${"é".repeat(100_000)}"`]) {
      const text = webhookEventText(claim, { filler: "ä".repeat(20_000) }, new TextEncoder().encode(body));
      expect(utf8Length(text)).toBeLessThanOrEqual(EVENT_BYTES_MAX);
    }
    expect(eventOf("\u0001".repeat(WEBHOOK_BODY_BYTES_MAX), {}).bodyEncoding).toBe("base64");
  });

  it("shows headers in lower case, without those that prove who somebody is, and no more than the bound", () => {
    const headers = lowerCased({
      "X-GitHub-Event": "push",
      Authorization: "Bearer x",
      Cookie: "a=b",
      "webhook-signature": "v1,x",
      "x-api-key": "k",
      "webhook-id": "msg_1",
      big: "x".repeat(WEBHOOK_HEADERS_LENGTH_MAX),
    });
    expect(eventOf("{}", headers).headers).toEqual({ "x-github-event": "push", "webhook-id": "msg_1" });
  });
});

describe("a body", () => {
  it("is read as it was carried, and refused where that is broken", () => {
    expect(bytesOf({ headers: {}, body: "ä", bodyEncoding: "utf8" })).toEqual(Uint8Array.from([0xc3, 0xa4]));
    expect(bytesOf({ headers: {}, body: "/wCA", bodyEncoding: "base64" })).toEqual(Uint8Array.from([0xff, 0x00, 0x80]));
    expect(bytesOf({ headers: {}, body: "*", bodyEncoding: "base64" })).toBeNull();
  });
});
