import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { Webhook } from "standardwebhooks";
import { describe, expect, it, vi } from "vitest";

import type { WebhookMessage } from "../../../contracts/events/delivery.ts";
import type { EventData } from "../../../contracts/events/event.ts";
import type { Trigger } from "../../../contracts/events/trigger.ts";
import { WEBHOOK_BODY_BYTES_MAX, WEBHOOK_DEDUPE_MS, WEBHOOK_REMEMBERED_MAX } from "../../../contracts/limits.ts";
import type { SigningSecret } from "../../objects.ts";
import { signingSecretContext } from "../../secrets/contexts.ts";
import { Keyring } from "../../secrets/keyring.ts";
import { edge } from "../../testing/edge.ts";
import { refusalOf, testEnv } from "../../testing/harness.ts";
import type { Dispatcher } from "../dispatcher.ts";
import { dispatcherWith, triggerOf } from "../testing.ts";

const keyring = new Keyring(testEnv.SECRETS_KEYS);
const newSecret = () => `whsec_${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(24))))}`;

interface Signed {
  id?: string;
  secret?: string;
  body?: string;
  sentAt?: number;
  headers?: Record<string, string>;
}

/** A Dispatcher with one webhook trigger and its signing secret. */
async function hooked(more: Partial<Trigger> = {}) {
  const trigger = triggerOf({ source: { kind: "webhook", toleranceS: 300 }, ...more });
  const secret = newSecret();
  const all = await dispatcherWith([]);
  const reached = () => testEnv.DETACHED_DISPATCHER.getByName(all.orgId);
  const sealed = (text: string, until: number | null = null): Promise<SigningSecret> =>
    keyring.seal(text, signingSecretContext(all.orgId, trigger.id)).then((sealed) => ({ sealed, until }));
  const configure = (secrets: SigningSecret[], changes: Partial<Trigger> = {}) =>
    all.configure([{ ...trigger, ...changes }], { signingSecrets: { [trigger.id]: secrets } });
  await configure([await sealed(secret)]);
  const signed = ({
    id = "msg_1",
    body = '{"a":1}',
    sentAt = Date.now(),
    headers = {},
    ...rest
  }: Signed = {}): WebhookMessage => ({
    headers: {
      "Webhook-Id": id,
      "webhook-timestamp": String(Math.floor(sentAt / 1000)),
      "webhook-signature": new Webhook(rest.secret ?? secret).sign(id, new Date(sentAt), body),
      "content-type": "application/json",
      ...headers,
    },
    body,
    bodyEncoding: "utf8",
  });
  return {
    ...all,
    trigger,
    secret,
    sealed,
    configure,
    signed,
    receive: (message: WebhookMessage = signed()) => reached().receiveWebhook(trigger.id, message),
    events: () => edge.events(all.orgId).map(({ data }) => data as Extract<EventData, { kind: "webhook" }>),
    sql: (query: string, ...bindings: (string | number)[]) =>
      runInDurableObject(reached(), (_, state) => state.storage.sql.exec(query, ...bindings).toArray()),
  };
}

const WAIT = { timeout: 4_000, interval: 10 };

describe("an inbound webhook", () => {
  it("is delivered once, however often it is sent, and answered with its first delivery", async () => {
    const { orgId, receive, events, signed } = await hooked();
    const first = await receive();
    expect(first).toMatchObject({ outcome: "accepted" });
    const { deliveryId } = first as { deliveryId: string };
    expect(await receive()).toEqual({ outcome: "duplicate", deliveryId });
    expect(await receive(signed({ body: '{"a":2}' }))).toEqual({ outcome: "duplicate", deliveryId });
    expect(await receive(signed({ id: "msg_2" }))).toMatchObject({ outcome: "accepted" });
    await vi.waitFor(() => expect(events()).toHaveLength(2), WAIT);
    expect(edge.events(orgId)[0]).toMatchObject({ id: deliveryId, depth: 1, causedBy: null });
    expect(events()[0]).toMatchObject({ messageId: "msg_1", contentType: "application/json", body: { a: 1 } });
    expect(events()[0]?.headers["webhook-signature"]).toBeUndefined();
  });

  it("is delivered once where two come at the same time", async () => {
    const { receive, events } = await hooked();
    const outcomes = (await Promise.all([receive(), receive(), receive()])).map(({ outcome }) => outcome);
    expect(outcomes.toSorted()).toEqual(["accepted", "duplicate", "duplicate"]);
    await vi.waitFor(() => expect(events()).toHaveLength(1), WAIT);
    await scheduler.wait(30);
    expect(events()).toHaveLength(1);
  });

  it("is remembered over a restart, as long as it has to be", async () => {
    const { stub, receive, sql, signed } = await hooked();
    await receive();
    await evictDurableObject(stub);
    expect(await receive()).toMatchObject({ outcome: "duplicate" });
    await sql("UPDATE webhook_messages SET received_at = received_at - ?", WEBHOOK_DEDUPE_MS + 1);
    expect(await receive(signed({ id: "msg_2" }))).toMatchObject({ outcome: "accepted" });
    expect(await sql("SELECT message_id FROM webhook_messages")).toEqual([{ message_id: "msg_2" }]);
    await sql("UPDATE webhook_messages SET seq = seq - ?", WEBHOOK_REMEMBERED_MAX);
    await receive(signed({ id: "msg_3" }));
    expect(await sql("SELECT message_id FROM webhook_messages")).toEqual([{ message_id: "msg_3" }]);
  });

  it("that could not be stored is not remembered, so that it can be sent again", async () => {
    const { stub, trigger, signed, receive, sql } = await hooked();
    await sql("CREATE TRIGGER refuse BEFORE INSERT ON deliveries BEGIN SELECT raise(ABORT, 'no'); END");
    await runInDurableObject<Dispatcher, void>(stub, async (dispatcher) => {
      await expect(dispatcher.receiveWebhook(trigger.id, signed())).rejects.toThrow("SQLITE_CONSTRAINT");
    });
    expect(await sql("SELECT message_id FROM webhook_messages")).toEqual([]);
    await sql("DROP TRIGGER refuse");
    expect(await receive()).toMatchObject({ outcome: "accepted" });
  });

  it("is held while its trigger is paused", async () => {
    const { receive, configure, sealed, secret, deliveries, events } = await hooked();
    await configure([await sealed(secret)], { state: "paused" });
    expect(await receive()).toMatchObject({ outcome: "accepted" });
    expect(await deliveries()).toMatchObject([{ state: "held" }]);
    await configure([await sealed(secret)], { state: "active" });
    await vi.waitFor(() => expect(events()).toHaveLength(1), WAIT);
  });

  it("carries any bytes", async () => {
    const { signed, receive, events, secret } = await hooked();
    const bytes = Uint8Array.from([0, 255, 254, 1]);
    const head = new TextEncoder().encode(`msg_b.${Math.floor(Date.now() / 1000)}.`);
    const raw = Uint8Array.from(atob(secret.slice(6)), (char) => char.charCodeAt(0));
    const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, Uint8Array.from([...head, ...bytes])));
    const message = signed({ id: "msg_b", headers: { "content-type": "image/png" } });
    message.headers["webhook-signature"] = `v1,${btoa(String.fromCharCode(...mac))}`;
    const carried: WebhookMessage = { ...message, body: btoa(String.fromCharCode(...bytes)), bodyEncoding: "base64" };
    expect(await receive(carried)).toMatchObject({ outcome: "accepted" });
    await vi.waitFor(() => expect(events()[0]).toMatchObject({ bodyEncoding: "base64", body: "AP/+AQ==" }), WAIT);
  });
});

describe("signing secrets", () => {
  it("of a rotation are both good until the old one stops", async () => {
    const { receive, configure, sealed, secret, signed } = await hooked();
    const next = newSecret();
    await configure([await sealed(next), await sealed(secret, Date.now() + 60_000)]);
    expect(await receive(signed({ id: "msg_old" }))).toMatchObject({ outcome: "accepted" });
    expect(await receive(signed({ id: "msg_new", secret: next }))).toMatchObject({ outcome: "accepted" });
    await configure([await sealed(next), await sealed(secret, Date.now() - 1)]);
    expect(await receive(signed({ id: "msg_older" }))).toMatchObject({ outcome: "refused", code: "unauthenticated" });
    expect(await receive(signed({ id: "msg_newer", secret: next }))).toMatchObject({ outcome: "accepted" });
  });

  it("of another trigger are good for nothing here", async () => {
    const { receive, configure } = await hooked();
    const other = await hooked();
    await configure([await other.sealed(other.secret)]);
    expect((await refusalOf(receive())).code).toBe("internal");
  });
});

describe("an inbound webhook is refused", () => {
  it("that nobody signed, or that was changed, is old or is malformed, and leaves nothing behind", async () => {
    const { signed, receive, sql, events } = await hooked();
    const refusals = {
      "another secret": [signed({ secret: newSecret() }), "unauthenticated"],
      "another body": [{ ...signed(), body: '{"a":2}' }, "unauthenticated"],
      "an old one": [signed({ sentAt: Date.now() - 302_000 }), "unauthenticated"],
      "one from the future": [signed({ sentAt: Date.now() + 302_000 }), "unauthenticated"],
      "no signature": [signed({ headers: { "webhook-signature": "" } }), "malformed"],
      "a broken body": [{ ...signed(), body: "*", bodyEncoding: "base64" }, "malformed"],
      "a huge body": [signed({ body: "x".repeat(WEBHOOK_BODY_BYTES_MAX + 1) }), "too_large"],
    } satisfies Record<string, [WebhookMessage, string]>;
    for (const [what, [message, code]] of Object.entries(refusals)) {
      expect([what, await receive(message)]).toMatchObject([what, { outcome: "refused", code }]);
    }
    expect(await sql("SELECT message_id FROM webhook_messages")).toEqual([]);
    expect(events()).toEqual([]);
  });

  it("for a trigger that is not there, is disabled, or is of another kind", async () => {
    const { stub, signed, receive, configure } = await hooked();
    const notFound = { outcome: "refused", code: "not_found" };
    expect(await stub.receiveWebhook("trg_none", signed())).toMatchObject(notFound);
    await configure([], { source: { kind: "pubsub", topic: "t" } });
    expect(await receive()).toMatchObject(notFound);
    const nobody = testEnv.DETACHED_DISPATCHER.getByName("nobody");
    expect(await nobody.receiveWebhook("trg_none", signed())).toMatchObject(notFound);
  });
});

describe("firing a webhook's trigger by hand", () => {
  it("makes an event of what is given", async () => {
    const { stub, trigger, events } = await hooked();
    await stub.fireTrigger(trigger.id, '{"body":{"b":2}}');
    await stub.fireTrigger(trigger.id, null);
    await vi.waitFor(() => expect(events()).toHaveLength(2), WAIT);
    expect(events().map(({ body }) => body)).toEqual([{ b: 2 }, { test: true }]);
    expect((await refusalOf(stub.fireTrigger(trigger.id, '{"bodi":1}'))).code).toBe("invalid");
    expect((await refusalOf(stub.fireTrigger(trigger.id, "["))).code).toBe("invalid");
  });
});
