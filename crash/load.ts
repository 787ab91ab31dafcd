import { Agent } from "node:http";

import type { Platform } from "../test/support/platform.ts";

/** Requests under way at once for each org. */
const WORKERS_PER_ORG = 4;

/** Keeps writing to some orgs until it is told to stop, and remembers what was acknowledged. */
export class Load {
  readonly #platform: () => Platform;
  readonly #acknowledged = new Map<string, Set<string>>();
  readonly #workers: Promise<void>[] = [];
  #count = 0;
  #stopped = false;
  /** Requests that were not answered with a success: what became of them nobody knows. */
  unanswered = 0;

  constructor(platform: () => Platform, orgs: readonly string[]) {
    this.#platform = platform;
    for (const org of orgs) {
      this.#acknowledged.set(org, new Set());
      for (let index = 0; index < WORKERS_PER_ORG; index++) this.#workers.push(this.#work(org));
    }
  }

  /** Keys whose writes were acknowledged. */
  acknowledged(org: string): ReadonlySet<string> {
    return this.#acknowledged.get(org) ?? new Set();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  async #work(org: string): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#stopped) {
      const key = `${org}-${String((this.#count += 1)).padStart(7, "0")}`;
      try {
        const answer = await this.#platform().fetch(`${org}.localhost`, "/write", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ org, key }),
          agent,
          timeoutMs: 10_000,
        });
        if (answer.status === 200) this.#acknowledged.get(org)?.add(key);
        else this.unanswered += 1;
      } catch {
        this.unanswered += 1;
        await new Promise((done) => setTimeout(done, 20));
      }
    }
    agent.destroy();
  }
}
