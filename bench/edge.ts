import { request } from "../test/support/request.ts";
import { startPlatform, type Platform } from "../test/support/platform.ts";
import type { Suite } from "./main.ts";
import { startBare, type Bare } from "./support/bare.ts";
import { startFloor } from "./support/floor.ts";
import { load, loadExactly, loadGenerator, type Load, type LoadTarget } from "./support/load.ts";
import { residentMebibytes } from "./support/memory.ts";
import { median, percentile, round } from "./support/stats.ts";

const HELLO = `export default { fetch() { return new Response("hello"); } };\n`;
const ROUNDS = 5;
const ROUND_SECONDS = 4;
const COLD_SCRIPTS = 200;
const NEW_ORGS = 50;
const EXACT_REQUESTS = 100_000;
const SETTLE_MS = 3_000;

type Report = (line: string) => void;

/** The way of a request to a tenant, side by side with a bare workerd that serves the same script. */
export const suite: Suite = {
  summary: "hot path, cold start and start-up, beside one bare workerd in the same run",
  async run(report) {
    report(`load by ${loadGenerator}, 32 connections, ${ROUNDS} rounds of ${ROUND_SECONDS} s in turn`);
    const bare = await startBare(HELLO);
    try {
      const first = await startPlatform();
      await deployHello(first);
      report(`cold start ${Math.round(first.startMs)} ms (new data folder)`);
      await first.stop();

      const platform = await startPlatform({ directory: first.directory, port: first.port });
      try {
        report(`warm start ${Math.round(platform.startMs)} ms`);
        await wait(SETTLE_MS);
        const idleRssMb = Math.round(residentMebibytes(platform.process.pid ?? 0));
        report(`idle memory of all processes ${idleRssMb} MB`);
        const fresh = await newOrgs(platform, report);
        const cold = await coldStarts(platform, report);
        const two = await hotPath(bare, platform, 2, report);
        const exact = await loadExactly(helloOf(platform), EXACT_REQUESTS);
        report(`${exact.completed} of ${EXACT_REQUESTS} answered, ${exact.failed} failed`);
        await platform.stop();
        const one = await oneEdge(bare, platform, report);
        return {
          loadGenerator,
          hotPathRatio: two.ratio,
          hotPathOneEdgeRatio: one.ratio,
          floorRatio: two.floorRatio,
          floorOneEdgeRatio: one.floorRatio,
          hotPathP99Ms: two.p99Ms,
          bareP99Ms: two.bareP99Ms,
          bareRequestsPerSecond: two.bareRequestsPerSecond,
          failedOf100k: EXACT_REQUESTS - exact.completed + exact.failed,
          ...cold,
          ...fresh,
          warmStartMs: Math.round(platform.startMs),
          idleRssMb,
        };
      } finally {
        await platform.dispose();
      }
    } finally {
      await bare.stop();
    }
  },
};

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const helloOf = (platform: Platform): LoadTarget => ({
  port: platform.port,
  host: `hello.localhost:${platform.port}`,
  path: "/",
});

async function deployHello(platform: Platform): Promise<void> {
  const client = await platform.client();
  await client.createOrg({ body: { slug: "hello", name: "Hello" } });
  await client.createScript({ params: { slug: "hello" }, body: { name: "hello", files: { "index.js": HELLO } } });
  await client.createRoute({ params: { slug: "hello" }, body: { script: "hello", path: "/*" } });
}

/** Bare workerd, the least that an isolate behind a router can cost, and the platform, in turn. */
async function hotPath(bare: Bare, platform: Platform, edges: number, report: Report) {
  const floor = await startFloor(HELLO, edges);
  const rounds: { bare: Load; floor: Load; isola: Load }[] = [];
  try {
    const bareTarget = { port: bare.port, host: "127.0.0.1", path: "/" };
    const floorTarget = { port: floor.port, host: "127.0.0.1", path: "/" };
    for (const target of [bareTarget, floorTarget, helloOf(platform)]) await load(target, 1);
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({
        bare: await load(bareTarget, ROUND_SECONDS),
        floor: await load(floorTarget, ROUND_SECONDS),
        isola: await load(helloOf(platform), ROUND_SECONDS),
      });
    }
  } finally {
    await floor.stop();
  }
  const failed = rounds.reduce((sum, each) => sum + each.isola.failed, 0);
  if (failed > 0) throw new Error(`${failed} requests failed under load`);
  const ratios = rounds.map((each) => each.isola.requestsPerSecond / each.bare.requestsPerSecond);
  const floorRatios = rounds.map((each) => each.floor.requestsPerSecond / each.bare.requestsPerSecond);
  const figures = {
    ratio: round(median(ratios), 3),
    floorRatio: round(median(floorRatios), 3),
    p99Ms: round(median(rounds.map((each) => each.isola.p99Ms)), 2),
    bareP99Ms: round(median(rounds.map((each) => each.bare.p99Ms)), 2),
    bareRequestsPerSecond: Math.round(median(rounds.map((each) => each.bare.requestsPerSecond))),
  };
  const list = ratios.map((ratio) => ratio.toFixed(2)).join(" ");
  const what = edges === 1 ? "one edge" : "as shipped";
  report(`${what}: ${figures.ratio} of bare (rounds ${list}), p99 ${figures.p99Ms} ms, bare ${figures.bareP99Ms} ms`);
  report(`  the least possible, ${edges} of them: ${figures.floorRatio} of bare`);
  return figures;
}

async function oneEdge(bare: Bare, platform: Platform, report: Report) {
  const single = await startPlatform({
    directory: platform.directory,
    port: platform.port,
    env: { ISOLA_EDGES: "1" },
  });
  try {
    return await hotPath(bare, single, 1, report);
  } finally {
    await single.stop();
  }
}

/** The first answer of scripts that no edge has loaded before, one at a time. */
async function coldStarts(platform: Platform, report: Report) {
  const client = await platform.client();
  const params = { slug: "cold" };
  await client.createOrg({ body: { slug: "cold", name: "Cold" } });
  for (let index = 0; index < COLD_SCRIPTS; index++) {
    const name = `script-${index}`;
    const source = `export default { fetch() { return new Response("hello ${index}"); } };`;
    await client.createScript({ params, body: { name, files: { "index.js": source } } });
    await client.createRoute({ params, body: { script: name, path: `/${name}` } });
  }
  const took: number[] = [];
  for (let index = 0; index < COLD_SCRIPTS; index++) {
    const began = performance.now();
    const answer = await platform.fetch("cold.localhost", `/script-${index}`);
    took.push(performance.now() - began);
    if (answer.text !== `hello ${index}`) throw new Error(`script ${index} answered ${answer.status} ${answer.text}`);
  }
  const figures = { coldP50Ms: round(median(took), 2), coldP99Ms: round(percentile(took, 0.99), 2) };
  report(`first answer of ${COLD_SCRIPTS} new scripts: p50 ${figures.coldP50Ms} ms, p99 ${figures.coldP99Ms} ms`);
  return figures;
}

/** From the call that makes an org to the first 200 on its host. */
async function newOrgs(platform: Platform, report: Report) {
  const client = await platform.client();
  const took: number[] = [];
  for (let index = 0; index < NEW_ORGS; index++) {
    const slug = `fresh-${index}`;
    const began = performance.now();
    await client.createOrg({ body: { slug, name: slug } });
    const { port } = platform;
    const answer = await request({ port, path: "/", headers: { host: `${slug}.localhost:${port}` } });
    took.push(performance.now() - began);
    if (answer.status !== 200) throw new Error(`${slug} answered ${answer.status}`);
  }
  const figures = { createToFirst200P50Ms: round(median(took), 2) };
  report(`org created to first 200, ${NEW_ORGS} orgs: p50 ${figures.createToFirst200P50Ms} ms`);
  return figures;
}
