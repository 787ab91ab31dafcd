import { connect, type Socket } from "node:net";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { reach } from "../cli/session/http.ts";
import { createClient, type Client } from "../contracts/client.ts";
import { type Platform, startPlatform } from "./support/platform.ts";

const ORG = "callers";
const HOST = `${ORG}.localhost`;
/** How long the script takes, in milliseconds, and when its callers go away. */
const RUN_MS = 1_000;
const PATIENCE_MS = 400;
/** Time that an execution may take to be written down on a busy machine, in milliseconds. */
const WRITTEN_MS = 5_000;

let platform: Platform;
let client: Client;

beforeAll(async () => {
  platform = await startPlatform();
  const url = `http://app.localhost:${platform.port}`;
  client = createClient({ url, token: await platform.token(), fetch: reach });
  await client.createOrg({ body: { slug: ORG } });
  const source = `export default { fetch: () => scheduler.wait(${RUN_MS}).then(() => new Response("late")) }`;
  await client.createScript({ params: { slug: ORG }, body: { name: "late", source } });
  await client.createRoute({ params: { slug: ORG }, body: { script: "late", path: "/*" } });
  // Whoever leaves before a script is loaded was never served, and nothing is written down of it.
  await Promise.all(Array.from({ length: 8 }, () => platform.fetch(HOST, "/load")));
  await client.patchOrg({ params: { slug: ORG }, body: { concurrencyMax: 2 } });
});

afterAll(() => platform?.dispose());

/** Sends a request and goes away before its answer. */
async function goAway(path: string, leave: (socket: Socket) => void): Promise<void> {
  const socket = connect(platform.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  await wait(PATIENCE_MS);
  leave(socket);
  await wait(RUN_MS);
}

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Outcomes and statuses of what ran at a path, once so many have been written down. */
async function outcomesAt(path: string, count: number): Promise<unknown[]> {
  const until = Date.now() + WRITTEN_MS;
  for (;;) {
    const { items } = await client.listExecutions({ params: { slug: ORG }, query: { text: path } });
    if (items.length >= count || Date.now() > until) return items.map(({ outcome, status }) => [outcome, status]);
    await wait(100);
  }
}

describe("a caller that goes away before the answer", () => {
  it.each([
    ["closes its connection", (socket: Socket) => void socket.destroy()],
    ["resets its connection", (socket: Socket) => void socket.resetAndDestroy()],
  ])("and %s leaves a run that is written down as abandoned, and no place taken", async (how, leave) => {
    const path = `/${how.split(" ", 1)[0]}`;
    // Two edges with two places each: more than all of them together.
    for (let index = 0; index < 5; index++) await goAway(path, leave);
    expect(await outcomesAt(path, 5)).toEqual(Array.from({ length: 5 }, () => ["abandoned", 499]));
    expect(await platform.fetch(HOST, `${path}-after`)).toMatchObject({ status: 200, text: "late" });
    expect(await outcomesAt(`${path}-after`, 1)).toEqual([["ok", 200]]);
  });
});
