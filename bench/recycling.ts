import { edgesOf } from "../test/support/processes.ts";
import { startPlatform, type Platform } from "../test/support/platform.ts";
import type { Suite } from "./main.ts";
import { residentOf } from "./support/memory.ts";

const SCRIPTS = 1_000;
const PASSES = 2;
const LOOK_MS = 100;
const MEMORY_MB = 512;

/** Loads a thousand scripts while a steady tenant is asked all the time, and watches the edges' memory. */
export const suite: Suite = {
  summary: `${SCRIPTS} scripts loaded one after another, edges recycled at ${MEMORY_MB} MB, a steady tenant beside them`,
  async run(report) {
    const platform = await startPlatform({ env: { ISOLA_EDGE_MEMORY_MB: String(MEMORY_MB) } });
    try {
      await deployAll(platform);
      report("deployed");
      const seen = new Set<number>();
      let edgeRssMaxMb = 0;
      const look = setInterval(() => {
        for (const pid of edgesOf(platform.process.pid ?? 0)) {
          seen.add(pid);
          edgeRssMaxMb = Math.max(edgeRssMaxMb, residentOf(pid));
        }
      }, LOOK_MS);
      const steady = askUntilStopped(platform);
      let failed = 0;
      for (let pass = 0; pass < PASSES; pass++) {
        for (let index = 0; index < SCRIPTS; index++) failed += await fails(platform, "many.localhost", `/s${index}`);
        report(`pass ${pass + 1}: edges at most ${Math.round(edgeRssMaxMb)} MB, ${seen.size} edge processes so far`);
      }
      const asked = await steady.stop();
      clearInterval(look);
      return {
        scripts: SCRIPTS,
        memoryLimitMb: MEMORY_MB,
        edgeRssMaxMb: Math.round(edgeRssMaxMb),
        edgeProcesses: seen.size,
        requests: SCRIPTS * PASSES,
        failed,
        steadyRequests: asked.requests,
        steadyFailed: asked.failed,
      };
    } finally {
      await platform.dispose();
    }
  },
};

async function deployAll(platform: Platform): Promise<void> {
  const client = await platform.client();
  await client.createOrg({ body: { slug: "steady" } });
  await client.createScript({ params: { slug: "steady" }, body: { name: "main", source: "export default () => 1" } });
  await client.createRoute({ params: { slug: "steady" }, body: { script: "main", path: "/*" } });
  const params = { slug: "many" };
  await client.createOrg({ body: params });
  for (let index = 0; index < SCRIPTS; index++) {
    await client.createScript({ params, body: { name: `s${index}`, source: `export default () => ${index}` } });
    await client.createRoute({ params, body: { script: `s${index}`, path: `/s${index}` } });
  }
}

async function fails(platform: Platform, host: string, path: string): Promise<0 | 1> {
  try {
    return (await platform.fetch(host, path)).status === 200 ? 0 : 1;
  } catch {
    return 1;
  }
}

/** Asks the steady tenant again and again, each time over a new connection. */
function askUntilStopped(platform: Platform) {
  const stop = new AbortController();
  const counted = { requests: 0, failed: 0 };
  const asking = (async () => {
    while (!stop.signal.aborted) {
      counted.requests++;
      counted.failed += await fails(platform, "steady.localhost", "/");
    }
  })();
  return {
    async stop() {
      stop.abort();
      await asking;
      return counted;
    },
  };
}
