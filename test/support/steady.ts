import type { Platform } from "./platform.ts";

/** How one request of a steady tenant fared. */
export interface Asked {
  /** When it was sent, by `performance.now()`. */
  at: number;
  /** Until the whole answer was there, in milliseconds. */
  waitMs: number;
  /** Null for one that was answered as it should be. */
  failure: string | null;
}

/** A tenant under steady load. */
export interface SteadyLoad {
  /** Resolves when all that was sent has been answered or has failed. */
  stop(): Promise<Asked[]>;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Asks a host again and again, each time over a new connection, whatever has become of the requests before. */
export function keepAsking(platform: Platform, host: string, perSecond: number): SteadyLoad {
  const asked: Promise<Asked>[] = [];
  const stopped = new AbortController();
  const asking = (async () => {
    while (!stopped.signal.aborted) {
      asked.push(ask(platform, host));
      await pause(1_000 / perSecond);
    }
  })();
  return {
    stop: async () => {
      stopped.abort();
      await asking;
      return Promise.all(asked);
    },
  };
}

async function ask(platform: Platform, host: string): Promise<Asked> {
  const at = performance.now();
  const failure = await platform.fetch(host, "/", { timeoutMs: 10_000 }).then(
    ({ status }) => (status === 200 ? null : `status ${status}`),
    (error: Error) => error.message,
  );
  return { at, waitMs: performance.now() - at, failure };
}

/** Creates an org with one script on every path. */
export async function deployOn(platform: Platform, slug: string, source: string): Promise<void> {
  const client = await platform.client();
  await client.createOrg({ body: { slug } });
  await client.createScript({ params: { slug }, body: { name: "main", source } });
  await client.createRoute({ params: { slug }, body: { script: "main", path: "/*" } });
}
