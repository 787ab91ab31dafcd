import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { newId } from "../../contracts/ids.ts";
import { MAIL_ATTEMPTS_MAX, MAIL_BATCH_MAX, MAIL_RETENTION_MS, MAIL_RETRY_MS } from "../../contracts/limits.ts";
import { httpMail } from "../../workers/control-plane/mail/http.ts";
import { type Core, startCore } from "./support/core.ts";
import { claim, giveKey, join, type Person, signIn } from "./support/people.ts";

/** A mail API on loopback, in the form of Resend's `POST /emails`. */
interface Provider {
  url: string;
  /** What it was sent, in order. */
  received: { headers: IncomingMessage["headers"]; body: Record<string, unknown> }[];
  answer: (response: ServerResponse) => void;
  server: Server;
}

const accept = (response: ServerResponse) => response.writeHead(200).end(JSON.stringify({ id: "of-the-provider" }));
const refuse =
  (status: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    response.writeHead(status, headers).end(JSON.stringify({ message: `refused with ${status}` }));

async function openProvider(): Promise<Provider> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      provider.received.push({ headers: request.headers, body: JSON.parse(body) as Record<string, unknown> });
      provider.answer(response);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/emails`;
  const provider: Provider = { url, received: [], answer: accept, server };
  return provider;
}

/** Puts a letter into the outbox, as it lies there after the change that it tells of. */
async function queue(core: Core, values: { attempts?: number; createdAt?: Date; to?: string } = {}): Promise<string> {
  const id = newId("mail");
  await core.sql.query(
    `insert into mail (id, recipient, subject, text, html, attempts, created_at) values ($1, $2, 'Hello', 'Text', '<p>Text</p>', $3, $4)`,
    [id, values.to ?? "ada@example.com", values.attempts ?? 0, values.createdAt ?? new Date()],
  );
  return id;
}

interface Row {
  state: string;
  attempts: number;
  text: string | null;
  html: string | null;
  error: string | null;
  wait_ms: number;
}

async function find(core: Core, id: string): Promise<Row | null> {
  const { rows } = await core.sql.query<Row>(
    `select state, attempts, text, html, error, extract(epoch from due_at - now())::float * 1000 as wait_ms from mail where id = $1`,
    [id],
  );
  return rows[0] ?? null;
}

describe("letters that leave by a mail API", () => {
  let core: Core;
  let owner: Person;
  let provider: Provider;

  beforeAll(async () => {
    provider = await openProvider();
    core = await startCore({
      MAIL_DRIVER: "http",
      MAIL_API_URL: provider.url,
      MAIL_API_KEY: "key-of-the-api",
      MAIL_FROM: "Isola <isola@example.com>",
    });
    owner = await claim(core);
  });
  afterAll(async () => {
    await core?.stop();
    provider?.server.close();
  });
  beforeEach(() => {
    provider.received.length = 0;
    provider.answer = accept;
  });

  test("go out after the request that made them, and nothing is kept of what they said", async () => {
    const invited = await core.call("/api/v1/users", {
      token: owner.token,
      json: { email: "new@example.com", role: "member" },
    });
    expect(invited.status, invited.text).toBe(201);
    await expect.poll(() => provider.received.length).toBe(1);
    const [{ headers, body } = { headers: {}, body: {} }] = provider.received;
    expect(headers).toMatchObject({ authorization: "Bearer key-of-the-api", "content-type": "application/json" });
    expect(headers["idempotency-key"]).toMatch(/^mal_/);
    expect(body).toMatchObject({ from: "Isola <isola@example.com>", to: ["new@example.com"] });
    expect(body["text"]).toContain("/invitation?token=");
    expect(Object.keys(body).toSorted()).toEqual(["from", "html", "subject", "text", "to"]);
    const id = String(headers["idempotency-key"]);
    await expect.poll(() => find(core, id)).toMatchObject({ state: "sent", attempts: 1, text: null, html: null });
  });

  test("are given up when the provider refuses them for good", async () => {
    provider.answer = refuse(422);
    const id = await queue(core);
    await core.tick();
    expect(await find(core, id)).toMatchObject({ state: "failed", attempts: 1, text: null, html: null });
    expect((await find(core, id))?.error).toContain("refused with 422");
    await core.tick();
    expect(provider.received).toHaveLength(1);
  });

  test("wait as long as the provider asks", async () => {
    provider.answer = refuse(429, { "retry-after": "120" });
    const id = await queue(core);
    await core.tick();
    const row = await find(core, id);
    expect(row).toMatchObject({ state: "queued", attempts: 1, text: "Text" });
    expect(row?.wait_ms).toBeGreaterThan(110_000);
    expect(row?.wait_ms).toBeLessThan(121_000);
    await core.sql.query("delete from mail where id = $1", [id]);
  });

  test("are tried again after a failure, under the same key, so that nothing goes out twice", async () => {
    provider.answer = refuse(500);
    const id = await queue(core);
    await core.tick();
    expect((await find(core, id))?.wait_ms).toBeGreaterThan(MAIL_RETRY_MS - 10_000);
    provider.answer = accept;
    await core.tick();
    expect(provider.received).toHaveLength(1);
    await core.sql.query("update mail set due_at = now() where id = $1", [id]);
    await core.tick();
    expect(await find(core, id)).toMatchObject({ state: "sent", attempts: 2, error: null, text: null });
    expect(provider.received.map(({ headers }) => headers["idempotency-key"])).toEqual([id, id]);
  });

  test("are given up after the last attempt", async () => {
    provider.answer = refuse(503);
    const id = await queue(core, { attempts: MAIL_ATTEMPTS_MAX - 1 });
    await core.tick();
    expect(await find(core, id)).toMatchObject({ state: "failed", attempts: MAIL_ATTEMPTS_MAX, text: null });
  });

  test("go out once when two passes meet, however many there are", async () => {
    provider.answer = (response) => void sleep(150).then(() => accept(response));
    const ids: string[] = [];
    for (let count = 0; count < MAIL_BATCH_MAX + 2; count += 1) ids.push(await queue(core));
    await Promise.all([core.tick(), core.tick()]);
    expect(provider.received.map(({ headers }) => String(headers["idempotency-key"])).toSorted()).toEqual(
      ids.toSorted(),
    );
  });

  test("are forgotten when their time is over, whatever became of them", async () => {
    const old = await queue(core, { createdAt: new Date(Date.now() - MAIL_RETENTION_MS - 60_000) });
    await core.tick();
    expect([await find(core, old), provider.received.length]).toEqual([null, 0]);
  });

  test("that take too long are let go", async () => {
    provider.answer = (response) => void response.socket?.on("close", () => response.destroy());
    const driver = httpMail({ url: provider.url, key: "k", from: "isola@example.com", timeoutMs: 200 });
    const letter = { id: "mal_x", to: "ada@example.com", subject: "Hello", text: "Text", html: "" };
    await expect(driver.send(letter)).rejects.toThrow(/time/i);
  });
});

describe("the mailbox of a platform from which nothing leaves", () => {
  let core: Core;
  let cookie: string;

  beforeAll(async () => {
    core = await startCore();
    await claim(core);
    cookie = await signIn(core);
  });
  afterAll(() => core?.stop());

  test("shows letters with links to this platform, and nothing in them as markup", async () => {
    const id = await queue(core);
    const body = 'Go to http://app.localhost:8787/invitation?token=t&x=1 or http://evil.example/ <b>"now"</b>';
    await core.sql.query("update mail set text = $2, subject = '<i>Hello</i>' where id = $1", [id, body]);
    await core.tick();
    const list = await core.call("/mailbox", { headers: { cookie } });
    expect(list.text).toContain(`href="/mailbox/${id}"`);
    const { text: page, status } = await core.call(`/mailbox/${id}`, { headers: { cookie } });
    expect(status).toBe(200);
    expect(page).toContain('<a href="http://app.localhost:8787/invitation?token=t&amp;x=1">');
    for (const unwanted of ['href="http://evil', "<b>", "<i>"]) expect(page).not.toContain(unwanted);
    expect((await find(core, id))?.state).toBe("sent");
  });

  test("is for owners and admins who are signed in, and for no key", async () => {
    const { id: memberId, token: memberKey } = await join(core, "member");
    const { rows } = await core.sql.query<{ id: string }>(`select id from "user" where role = 'owner'`);
    const ownerKey = await giveKey(core, rows[0]?.id ?? "");
    expect((await core.call("/mailbox", { token: memberKey })).status).toBe(404);
    expect((await core.call("/mailbox", { token: ownerKey })).status).toBe(404);
    const nobody = await core.call("/mailbox");
    expect([nobody.status, nobody.headers.get("location")]).toEqual([302, "/sign-in?to=/mailbox"]);
    await core.sql.query(`update "user" set role = 'member' where role = 'owner'`);
    expect((await core.call("/mailbox", { headers: { cookie } })).status).toBe(404);
    await core.sql.query(`update "user" set role = 'owner' where id = $1`, [rows[0]?.id]);
    expect(memberId).not.toBe(rows[0]?.id);
  });

  test("keeps from admins what was sent to owners", async () => {
    const { id: otherOwner } = await join(core, "owner");
    const secret = await queue(core, { to: `${otherOwner}@example.com` });
    const open = await queue(core, { to: "somebody@example.com" });
    const becoming = await queue(core, { to: "Next.Owner@example.com" });
    await core.sql.query(
      `insert into invitation (id, email, platform_role, token_hash, expires_at) values ($1, 'next.owner@example.com', 'owner', 'h', now() + interval '1 day')`,
      [newId("invitation")],
    );
    const read = (id: string) => core.call(`/mailbox/${id}`, { headers: { cookie } });
    const statuses = async () => [
      (await read(secret)).status,
      (await read(becoming)).status,
      (await read(open)).status,
    ];
    expect(await statuses()).toEqual([200, 200, 200]);
    await core.sql.query(`update "user" set role = 'admin' where email = 'owner@example.com'`);
    expect(await statuses()).toEqual([404, 404, 200]);
    expect((await core.call("/mailbox", { headers: { cookie } })).text).not.toContain(secret);
    await core.sql.query(`update "user" set role = 'owner' where email = 'owner@example.com'`);
  });
});
