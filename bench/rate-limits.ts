import { startPlatform, type Platform } from "../test/support/platform.ts";
import type { Suite } from "./main.ts";
import { load, loadGenerator, type Load, type LoadTarget } from "./support/load.ts";
import { median, round } from "./support/stats.ts";

const HELLO = `export default { fetch() { return new Response("hello"); } };\n`;
/** Many short ones: how the connections of a round fall on the edges moves its figure by a fifth. */
const ROUNDS = 24;
const ROUND_SECONDS = 2;
/** A rate that no machine reaches, in requests a second. */
const NEVER_REACHED = 10_000_000;

/** What it costs that an org's plan bounds its requests, while they are far from the bound. */
export const suite: Suite = {
  summary: "the same script in an org with a rate that is never reached, and in one without, in turn",
  async run(report) {
    report(`load by ${loadGenerator}, 32 connections, ${ROUNDS} rounds of ${ROUND_SECONDS} s in turn`);
    const platform = await startPlatform();
    try {
      const free = await deployHello(platform, "free");
      const limited = await deployHello(platform, "limited");
      const client = await platform.client();
      await client.patchOrg({ params: { slug: "limited" }, body: { quotas: { requestsPerSecond: NEVER_REACHED } } });
      for (const target of [free, limited]) await load(target, 1);
      const rounds: { free: Load; limited: Load }[] = [];
      for (let index = 0; index < ROUNDS; index++) {
        // In turn who comes first, so that what comes after the other pays for nothing of it.
        const targets = index % 2 === 0 ? [free, limited] : [limited, free];
        const loads: Load[] = [];
        for (const target of targets) loads.push(await load(target, ROUND_SECONDS));
        const [first, second] = loads as [Load, Load];
        rounds.push(index % 2 === 0 ? { free: first, limited: second } : { free: second, limited: first });
      }
      const failed = rounds.reduce((sum, each) => sum + each.free.failed + each.limited.failed, 0);
      if (failed > 0) throw new Error(`${failed} requests failed under load`);
      const ratios = rounds.map((each) => each.limited.requestsPerSecond / each.free.requestsPerSecond);
      report(`with a rate: ${ratios.map((ratio) => ratio.toFixed(2)).join(" ")} of without`);
      return {
        loadGenerator,
        rateLimitedRatio: round(median(ratios), 3),
        rateLimitedRatioOfMedians: round(
          median(rounds.map((each) => each.limited.requestsPerSecond)) /
            median(rounds.map((each) => each.free.requestsPerSecond)),
          3,
        ),
        withoutRateRequestsPerSecond: Math.round(median(rounds.map((each) => each.free.requestsPerSecond))),
        withRateP99Ms: round(median(rounds.map((each) => each.limited.p99Ms)), 2),
        withoutRateP99Ms: round(median(rounds.map((each) => each.free.p99Ms)), 2),
      };
    } finally {
      await platform.dispose();
    }
  },
};

async function deployHello(platform: Platform, slug: string): Promise<LoadTarget> {
  const client = await platform.client();
  await client.createOrg({ body: { slug, name: slug } });
  await client.createScript({ params: { slug }, body: { name: "hello", files: { "index.js": HELLO } } });
  await client.createRoute({ params: { slug }, body: { script: "hello", path: "/*" } });
  return { port: platform.port, host: `${slug}.localhost:${platform.port}`, path: "/" };
}
