import { Agent } from "node:http";

import { afterAll, beforeAll, expect, test } from "vitest";

import type { WatchOrders } from "../contracts/quarantine.ts";
import { disposeAll, pause, runOf, startStandIn, until, type Answer, type StandIn } from "./testing/platform.ts";

const SOFT_MEBIBYTES = 200;
let platform: StandIn;

beforeAll(async () => {
  platform = await startStandIn({ ISOLA_EDGE_MEMORY_MB: `${SOFT_MEBIBYTES}` });
});
afterAll(disposeAll);

/** The name of each edge that is asked by the control plane over its own socket. */
const edgeNames = async (): Promise<string[]> => {
  const { text } = await platform.get("/dispatch", { host: "app.localhost" });
  return JSON.parse(text) as string[];
};

/** Asks on new connections every few milliseconds, until told to stop. */
function keepAsking(path = "/"): { stop(): Promise<(Answer | Error)[]> } {
  const asked: Promise<Answer | Error>[] = [];
  const asking = setInterval(() => asked.push(platform.get(path).catch((error: Error) => error)), 10);
  return {
    stop: () => {
      clearInterval(asking);
      return Promise.all(asked);
    },
  };
}

/** One kept connection to each edge. Which process takes a connection is the kernel's choice, so it is asked for its name. */
async function connectionsToEdges(): Promise<Agent[]> {
  const names = await edgeNames();
  const agents = new Map<string, Agent>();
  while (agents.size < names.length) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { text } = await platform.get("/", { agent });
    if (names.includes(text) && !agents.has(text)) agents.set(text, agent);
    else agent.destroy();
  }
  return [...agents.values()];
}

/** Hangs the edge at the other end of each connection; resolves when the requests are on their way. */
async function hang(agents: Agent[]): Promise<Promise<unknown>[]> {
  const victims = agents.map((agent) => platform.get("/spin", { agent }).catch((error: Error) => error));
  // What an edge had accepted before it hung is lost with it; the tests are about those who come after.
  await pause(20);
  return victims;
}

const failuresOf = (answers: (Answer | Error)[]): unknown[] =>
  answers.filter((answer) => answer instanceof Error || answer.status !== 200);

const slowestOf = (answers: (Answer | Error)[]): number =>
  Math.max(...answers.map((answer) => (answer instanceof Error ? Infinity : answer.ms)));

test("each edge reaches state, directory and projections, and the control plane reaches each edge", async () => {
  const first = Number((await platform.get("/state")).text);
  expect(Number((await platform.get("/state")).text)).toBe(first + 1);
  expect((await platform.get("/projection?key=count%3A%20a%2Fb%3F")).text).toBe(`${first + 1}`);
  expect((await platform.get("/directory")).text).toBe('{"slug":"hello"}');
  expect((await platform.get("/load?n=7")).text).toBe("7");
  expect(new Set(await edgeNames()).size).toBe(2);
});

test("scripts reach neither this computer nor, past their egress, anything", async () => {
  const here = encodeURIComponent(`http://127.0.0.1:${platform.port}/`);
  expect((await platform.get(`/network?url=${here}`)).text).toBe("refused");
  expect((await platform.get(`/network?url=${encodeURIComponent("http://169.254.169.254/")}`)).text).toBe("refused");
  expect((await platform.get(`/outbound?url=${here}`)).text).toBe("refused");
});

test("a hung edge is replaced while the other answers: no connection fails, none waits 250 ms", async () => {
  const before = runOf(platform);
  const [victim] = await hang((await connectionsToEdges()).slice(0, 1));
  const asking = keepAsking();
  expect(await victim).toBeInstanceOf(Error);
  await pause(200);
  const answers = await asking.stop();
  expect(answers.length).toBeGreaterThan(20);
  expect(failuresOf(answers)).toEqual([]);
  expect(slowestOf(answers)).toBeLessThan(250);
  await until(() => runOf(platform).edges.length === 2);
  const after = runOf(platform);
  expect(before.edges.filter((pid) => after.edges.includes(pid))).toHaveLength(1);
  expect(after.core).toBe(before.core);
  expect(platform.output()).toMatch(/edge-\d is (hung|silent)/);
});

test("both edges hung at once: answered again within a second, and state has noticed nothing", async () => {
  const { core, edges } = runOf(platform);
  const count = Number((await platform.get("/state")).text);
  const agents = await connectionsToEdges();
  const hung = performance.now();
  const victims = await hang(agents);
  const answer = await platform.get("/");
  expect(answer.status).toBe(200);
  expect(performance.now() - hung).toBeLessThan(1_000);
  await Promise.all(victims);
  // A victim knows of the end of its process before the launcher has put another in its place.
  await until(() => !runOf(platform).edges.some((pid) => edges.includes(pid)));
  await until(() => runOf(platform).edges.length === 2);
  const after = runOf(platform);
  expect(after.core).toBe(core);
  expect(Number((await platform.get("/state")).text)).toBe(count + 1);
});

test("twelve clients that hang edges again and again: others are answered within a second, and whose clients they are is held back", async () => {
  await until(() => runOf(platform).relief.length === 1);
  const asking = keepAsking("/?org=org_calm");
  // Time to become known, and for the relief to be ready.
  await pause(1_500);
  const refusals = await Promise.all(Array.from({ length: 12 }, () => hangUntilRefused("org_wild")));
  const answers = (await asking.stop()).filter((answer) => !(answer instanceof Error));
  expect(answers.length).toBeGreaterThan(50);
  expect(slowestOf(answers)).toBeLessThan(1_000);
  const reason = expect.stringContaining("ver_1");
  for (const { text } of refusals) {
    const { verdicts } = JSON.parse(text) as WatchOrders;
    expect(verdicts[0]).toMatchObject({ orgId: "org_wild", reason });
    expect(verdicts.map(({ orgId }) => orgId)).not.toContain("org_calm");
  }
  await until(() => /org_wild (keeps ending|ends) edges/.test(platform.output()));
  await until(() => runOf(platform).edges.length === 2);
  // Every edge knows, also those that were not there.
  const agents = await connectionsToEdges();
  for (const agent of agents) {
    expect((await platform.get("/?org=org_wild", { agent })).status).toBe(503);
    expect((await platform.get("/?org=org_calm", { agent })).status).toBe(200);
    agent.destroy();
  }
});

/** Hangs one edge after another in the name of an org; resolves to the first answer. */
async function hangUntilRefused(org: string): Promise<Answer> {
  for (;;) {
    const answer = await platform.get(`/spin?org=${org}`).catch(() => null);
    if (answer !== null) return answer;
  }
}

test("recycling a grown edge starts the new one first and loses no request", async () => {
  const before = runOf(platform);
  const slow = platform.get("/slow?n=1500");
  const asking = keepAsking();
  await growOne();
  await until(() => /edge-\d has grown large: replaced/.test(platform.output()));
  const answers = await asking.stop();
  expect(failuresOf(answers)).toEqual([]);
  expect((await slow).status).toBe(200);
  // The old process may stay for a while: the core keeps its connection for calls to it.
  const fresh = runOf(platform).edges.filter((pid) => !before.edges.includes(pid));
  expect(fresh).toHaveLength(1);
  expect(runOf(platform).core).toBe(before.core);
});

/** Makes one edge grow past the soft limit and not past the hard one. */
async function growOne(): Promise<void> {
  const agents = await connectionsToEdges();
  const [agent] = agents;
  // In pieces: filling it all at once would keep the edge from answering for too long.
  if (agent !== undefined)
    for (let piece = 0; piece < 4; piece++) await platform.get(`/grow?n=${SOFT_MEBIBYTES / 4}`, { agent });
  for (const each of agents) each.destroy();
}

test("an edge that grows past the hard limit is killed, also while it should finish its requests", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const victim = (async () => {
    for (;;) await platform.get(`/grow?n=${SOFT_MEBIBYTES / 4}`, { agent });
  })().catch((error: Error) => error);
  expect(await victim).toBeInstanceOf(Error);
  agent.destroy();
  await until(() => runOf(platform).edges.length >= 2);
  expect((await platform.get("/")).status).toBe(200);
});

test("an edge that dies is replaced on the same sockets, without a refused connection", async () => {
  const asking = keepAsking();
  await pause(30);
  const [first] = runOf(platform).edges;
  process.kill(first ?? 0, "SIGKILL");
  await pause(300);
  const answers = await asking.stop();
  const refused = failuresOf(answers).filter((error) => (error as NodeJS.ErrnoException).code === "ECONNREFUSED");
  expect(refused).toEqual([]);
  // Those that the dead process had accepted are lost with it.
  expect(failuresOf(answers).length).toBeLessThanOrEqual(2);
  expect(new Set(await edgeNames()).size).toBe(2);
});

test("a killed state process comes back with all it had, and the edges stay", async () => {
  const before = runOf(platform);
  const count = Number((await platform.get("/state")).text);
  process.kill(before.core, "SIGKILL");
  const answered = async (): Promise<boolean> => {
    // The stand-in does not catch what a call to a dead core throws.
    const answer = await platform.get("/state").catch(() => null);
    return answer?.status === 200 && Number(answer.text) > count;
  };
  await until(answered, 3_000);
  const after = runOf(platform);
  expect(after.core).not.toBe(before.core);
  // One that only finished its requests may have ended with the core's connection to it.
  expect(after.edges.filter((pid) => !before.edges.includes(pid))).toEqual([]);
  expect(after.edges.length).toBeGreaterThanOrEqual(2);
  expect((await edgeNames()).length).toBe(2);
});
