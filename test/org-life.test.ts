import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import type { Client } from "../contracts/client.ts";
import { startPlatform, type Platform } from "./support/platform.ts";
import { commandOf, descendants, edgesOf } from "./support/processes.ts";
import type { Answer } from "./support/request.ts";

const SOURCE = "export default { fetch: () => new Response('here I am') };";
const PAGE = { accept: "text/html" };
const CONNECTIONS = 20;
const MACHINE = { timeout: 45_000, interval: 250 };
/** One request of each edge asks, and the others take what is remembered meanwhile. */
const WINDOW = { timeout: 2_500, interval: 10 };
const SOON = { timeout: 10_000, interval: 100 };

let platform: Platform;
let client: Client;

beforeAll(async () => {
  platform = await startPlatform();
  client = await platform.client();
});
afterAll(() => platform?.dispose());

const ask = (slug: string, path = "/", headers: Record<string, string> = {}): Promise<Answer> =>
  platform.fetch(`${slug}.localhost`, path, { headers });
/** Each on a connection of its own, so that all edges are among them. */
const askAll = (slug: string): Promise<number[]> =>
  Promise.all(Array.from({ length: CONNECTIONS }, async () => (await ask(slug)).status));
const all = (status: number): number[] => Array.from({ length: CONNECTIONS }, () => status);
/** That they all answer so within the time that an edge may go by what it remembers. */
const answersAll = (slug: string, status: number): Promise<void> =>
  vi.waitFor(async () => expect(await askAll(slug)).toEqual(all(status)), WINDOW);

async function orgThatAnswers(slug: string): Promise<void> {
  await client.createOrg({ body: { slug } });
  await client.createScript({ params: { slug }, body: { name: "hello", source: SOURCE } });
  await client.createRoute({ params: { slug }, body: { script: "hello", path: "/" } });
  await answersAll(slug, 200);
}

describe("an org that is suspended", () => {
  it("answers 503 at every edge within the cache window, says why it does, and answers again when it is resumed", async () => {
    const params = { slug: "resting" };
    await orgThatAnswers(params.slug);
    for (let round = 0; round < 3; round += 1) {
      await client.suspendOrg({ params, body: { reason: "On holiday" } });
      await answersAll(params.slug, 503);
      const page = await ask(params.slug, "/", PAGE);
      expect([page.status, page.headers["content-type"]]).toEqual([503, expect.stringContaining("text/html")]);
      expect(page.text).toMatch(/suspended/i);
      expect((await ask(params.slug, "/.isola/healthz")).status).toBe(200);
      await client.resumeOrg({ params });
      await answersAll(params.slug, 200);
    }
  });

  it("keeps its events and handles them once it is resumed", async () => {
    const params = { slug: "patient" };
    await client.createOrg({ body: params });
    const source =
      "import { kv } from 'isola'; export default { async event() { await kv.collection('done').set('it', 1); } };";
    await client.createScript({ params, body: { name: "handler", source } });
    const body = { name: "on-message", script: "handler", source: { kind: "pubsub" as const, topic: "news" } };
    await client.createTrigger({ params, body });
    await client.suspendOrg({ params, body: {} });
    await client.publishToTopic({ params: { ...params, topic: "news" }, body: { value: 1 } });
    await new Promise((done) => setTimeout(done, 500));
    expect((await client.listKvCollections({ params, query: {} })).items).toEqual([]);
    await client.resumeOrg({ params });
    await vi.waitFor(
      async () => expect((await client.listKvCollections({ params, query: {} })).items).toHaveLength(1),
      SOON,
    );
  });
});

describe("an org that is renamed", () => {
  it("answers at its new host at once, and its old host leads there, path and all", async () => {
    await orgThatAnswers("before");
    await client.renameOrg({ params: { slug: "before" }, body: { slug: "after" } });
    await answersAll("after", 200);
    await answersAll("before", 308);
    const { headers } = await ask("before", "/some/where?q=1");
    expect(headers["location"]).toBe(`http://after.localhost:${platform.port}/some/where?q=1`);
    await client.renameOrg({ params: { slug: "after" }, body: { slug: "finally" } });
    for (const slug of ["before", "after"]) {
      const leadsTo = async () => (await ask(slug)).headers["location"];
      await vi.waitFor(async () => expect(await leadsTo()).toBe(`http://finally.localhost:${platform.port}/`), WINDOW);
    }
    await client.renameOrg({ params: { slug: "finally" }, body: { slug: "before" } });
    await answersAll("before", 200);
  });
});

describe("an org that is destroyed", () => {
  it("with its machine leaves nothing: neither host answers, the machine is gone, and the slug is free", async () => {
    const params = { slug: "doomed" };
    await client.createOrg({ body: { ...params, driver: "mock" } });
    await vi.waitFor(async () => expect((await client.getOrg({ params })).state).toBe("running"), MACHINE);
    await vi.waitFor(async () => expect((await ask("doomed")).status).toBe(200), SOON);
    const { machine } = await client.getMachine({ params });
    expect(machine?.origin).toMatch(/^http:\/\/127\.0\.0\.1:/);
    await client.renameOrg({ params, body: { slug: "doomed-still" } });
    await client.deleteOrg({ params: { slug: "doomed-still" }, query: { confirm: "doomed-still" } });
    await vi.waitFor(
      () => expect(client.getOrg({ params: { slug: "doomed-still" } })).rejects.toMatchObject({ code: "not_found" }),
      MACHINE,
    );
    await answersAll("doomed", 404);
    await answersAll("doomed-still", 404);
    await expect(fetch(machine?.origin ?? "")).rejects.toThrow();
    expect((await client.createOrg({ body: params })).state).toBe("running");
  });
});

describe("while control plane, objects and KV do not answer", () => {
  it("orgs on isolates and on machines answer on, a suspended one stays so, and all is well when they are back", async () => {
    await orgThatAnswers("steady");
    await orgThatAnswers("quiet");
    await client.suspendOrg({ params: { slug: "quiet" }, body: {} });
    await client.createOrg({ body: { slug: "engine", driver: "mock" } });
    await vi.waitFor(async () => expect((await ask("engine")).status).toBe(200), MACHINE);
    const statuses = () => Promise.all(["steady", "engine", "quiet"].map(async (slug) => (await ask(slug)).status));
    for (let times = 0; times < CONNECTIONS; times += 1) await statuses();
    const launcher = platform.process.pid ?? 0;
    const edges = edgesOf(launcher);
    const core = descendants(launcher).filter((pid) => /workerd/.test(commandOf(pid)) && !edges.includes(pid));
    expect(core).not.toEqual([]);
    for (const pid of core) process.kill(pid, "SIGSTOP");
    try {
      for (let times = 0; times < 10; times += 1) {
        expect(await statuses()).toEqual([200, 200, 503]);
        await new Promise((done) => setTimeout(done, 200));
      }
    } finally {
      // The launcher may have replaced one that was silent for too long.
      for (const pid of core) if (commandOf(pid) !== "") process.kill(pid, "SIGCONT");
    }
    await vi.waitFor(async () => {
      await client.resumeOrg({ params: { slug: "quiet" } });
      expect(await statuses()).toEqual([200, 200, 200]);
    }, MACHINE);
  });
});
