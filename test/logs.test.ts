import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { reach } from "../cli/session/http.ts";
import { followExecutions, type TailFilter, type Told } from "../cli/session/tail.ts";
import { createClient, type Client } from "../contracts/client.ts";
import { type Platform, startPlatform } from "./support/platform.ts";
import { edgesOf } from "./support/processes.ts";

const ORG = "logs";
const HOST = `${ORG}.localhost`;
/** Time that an execution may take to be shown on a busy machine, in milliseconds; on an idle one it is a fifth of it. */
const SHOWN_MS = 2_500;

const ECHO = `export default { async fetch(request, env, ctx) {
  console.log("early", new URL(request.url).pathname);
  ctx.waitUntil(scheduler.wait(700).then(() => console.log("late")));
  return new Response(request.method === "POST" ? "got " + (await request.text()) : "hello");
} }`;

let platform: Platform;
let client: Client;

beforeAll(async () => {
  platform = await startPlatform();
  const url = `http://app.localhost:${platform.port}`;
  client = createClient({ url, token: await platform.token(), fetch: reach });
  await client.createOrg({ body: { slug: ORG } });
  await client.createScript({ params: { slug: ORG }, body: { name: "echo", source: ECHO } });
  await client.createRoute({ params: { slug: ORG }, body: { script: "echo", path: "/*" } });
  await platform.fetch(HOST, "/warm");
});

afterAll(() => platform?.dispose());

/** Follows the org's log, as the command line does; events are read one by one. */
function follow(filter: TailFilter = {}) {
  const stop = new AbortController();
  const place = { url: "", client, slug: ORG };
  const told = followExecutions(place, { filter, backlog: { limit: 0 }, signal: stop.signal });
  onTestFinished(() => stop.abort());
  return async (wanted: (event: Told) => boolean): Promise<Told> => {
    for (;;) {
      const { value } = await told.next();
      if (value === undefined) throw new Error("the tail has ended");
      if (wanted(value)) return value;
    }
  };
}

const at = (path: string) => (event: Told) => event.type === "execution" && event.execution.path === path;

describe("the log", () => {
  it("shows a request as it happens, and lines that it prints after its answer", async () => {
    const next = follow({ script: "echo" });
    const shown = next(at("/seen"));
    // Time for the tail to be connected: what ran before is not told.
    await new Promise((done) => setTimeout(done, 1_000));
    const began = Date.now();
    expect((await platform.fetch(HOST, "/seen")).text).toBe("hello");
    const event = await shown;
    expect(Date.now() - began).toBeLessThan(SHOWN_MS);
    if (event.type !== "execution") throw new Error("no execution");
    const { id } = event.execution;
    expect(event.execution).toMatchObject({ script: { name: "echo" }, status: 200, outcome: "ok", method: "GET" });
    const late = await next((told) => told.type === "lines" && told.lines.some(({ text }) => text === "late"));
    expect(late).toMatchObject({ executionId: id });
    const { lines } = await client.getExecution({ params: { slug: ORG, id } });
    expect(lines.map(({ text }) => text)).toEqual(["early /seen", "late"]);
  });

  it("goes on where an edge is killed, and neither loses nor repeats what ran", async () => {
    const next = follow();
    const paths = Array.from({ length: 12 }, (_, index) => `/through-${index}`);
    const seen: string[] = [];
    const all = next((told) => {
      if (told.type === "execution") seen.push(told.execution.path);
      return paths.every((path) => seen.includes(path));
    });
    await new Promise((done) => setTimeout(done, 1_000));
    for (const [index, path] of paths.entries()) {
      // Before it is killed the edge hands over what ran; what dies with it is nobody's to show.
      if (index === 6) await new Promise((done) => setTimeout(done, 500));
      if (index === 6) for (const pid of edgesOf(platform.process.pid ?? 0)) process.kill(pid, "SIGKILL");
      await expect.poll(async () => (await platform.fetch(HOST, path)).status, { timeout: 10_000 }).toBe(200);
    }
    await all;
    expect(seen.filter((path) => path.startsWith("/through-")).sort()).toEqual([...paths].sort());
  });

  it("holds what a run needs to be run again, and no credential", async () => {
    const headers = { "content-type": "text/plain", authorization: "Bearer s3cr3t", "x-kind": "test" };
    const answer = await platform.fetch(HOST, "/again?a=b", { method: "POST", headers, body: "a body" });
    expect(answer.text).toBe("got a body");
    const find = async () => {
      const { items } = await client.listExecutions({ params: { slug: ORG }, query: { text: "/again" } });
      return items[0];
    };
    await expect.poll(find, { timeout: 5_000 }).toBeDefined();
    const recorded = await find();
    if (recorded === undefined) throw new Error("not recorded");
    expect(JSON.stringify(recorded)).not.toContain("s3cr3t");
    expect(recorded.request?.headers).toMatchObject({ "x-kind": "test", authorization: "[redacted]" });
    expect(recorded.request?.body).toEqual({ text: "a body", encoding: "utf8", truncated: false });

    const again = await client.replayExecution({ params: { slug: ORG, id: recorded.id }, body: {} });
    expect(again).toMatchObject({ status: 200, body: "got a body", replayOf: recorded.id });
    expect(again.headersLeftOut).toContain("authorization");
    const read = async () =>
      (await client.listExecutions({ params: { slug: ORG }, query: { id: again.executionId } })).items[0];
    await expect.poll(read, { timeout: 5_000 }).toMatchObject({ replayOf: recorded.id, trigger: "invoke" });
  });

  it("runs a body of bytes again as it was", async () => {
    const source = `export default async (request) => [...await request.bytes()]`;
    await client.createScript({ params: { slug: ORG }, body: { name: "bytes", source } });
    await client.createRoute({ params: { slug: ORG }, body: { script: "bytes", method: "POST", path: "/bytes" } });
    const body = new Uint8Array([0, 255, 128, 10]);
    expect(JSON.parse((await platform.fetch(HOST, "/bytes", { method: "POST", body })).text)).toEqual([...body]);
    const find = async () =>
      (await client.listExecutions({ params: { slug: ORG }, query: { script: "bytes" } })).items[0];
    await expect.poll(find, { timeout: 5_000 }).toBeDefined();
    const id = (await find())?.id ?? "";
    const again = await client.replayExecution({ params: { slug: ORG, id }, body: {} });
    expect(JSON.parse(again.body)).toEqual([...body]);
  });
});
