import { startPlatform, type Platform } from "../test/support/platform.ts";
import { Api } from "./api.ts";
import type { Evidence } from "./judge.ts";
import type { Load } from "./load.ts";
import { CLOCK, HANDLER, WRITER } from "./scripts.ts";
import { isAlive, processesOf, type Victim } from "./victims.ts";

/** Time everything has to be served again after a kill, in milliseconds. */
const RECOVERY_MS = 60_000;
/** Time all events have to arrive after the last kill, in milliseconds. */
const SETTLE_MS = 120_000;

const ORGS = ["crash-a", "crash-b"] as const;
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** A platform with two orgs that write, and that can be killed piece by piece. */
export class Stage {
  #platform: Platform;
  readonly api = new Api(() => this.#platform);
  readonly orgs: readonly string[] = ORGS;

  private constructor(platform: Platform) {
    this.#platform = platform;
  }

  static async open(): Promise<Stage> {
    const stage = new Stage(await startPlatform());
    for (const slug of ORGS) await stage.#prepare(slug);
    return stage;
  }

  platform(): Platform {
    return this.#platform;
  }

  /** Kills, and waits until every org answers again. */
  async strike(victim: Victim): Promise<void> {
    const launcher = this.#platform.process.pid ?? 0;
    const pids = processesOf(victim, launcher);
    if (pids.length === 0) throw new Error(`There is no ${victim} to kill.`);
    for (const pid of pids) process.kill(pid, "SIGKILL");
    if (victim === "launcher") await this.#startAgain(pids);
    const until = Date.now() + RECOVERY_MS;
    for (const slug of ORGS) {
      while (!(await this.#answers(slug))) {
        if (Date.now() > until)
          throw new Error(`${slug} does not answer ${RECOVERY_MS} ms after the ${victim} was killed.`);
        await pause(50);
      }
    }
  }

  /** Waits until all that was acknowledged has reached its handlers, or the time is over, and gathers what is there. */
  async evidence(slug: string, load: Load): Promise<Evidence> {
    const acknowledged = load.acknowledged(slug);
    const until = Date.now() + SETTLE_MS;
    let seen = await this.api.entries(slug, "seen");
    const isComplete = (): boolean =>
      new Set(seen.map(({ key }) => key.split("/").slice(0, 2).join("/"))).size >= acknowledged.size * 3;
    while (!isComplete() && Date.now() < until) {
      await pause(500);
      seen = await this.api.entries(slug, "seen");
    }
    const changes = await this.api.entries(slug, "changes");
    return {
      org: slug,
      acknowledged,
      kvKeys: new Set(changes.map(({ key }) => key)),
      docIds: await this.#docIds(slug),
      seen,
      ticks: await this.api.entries(slug, "ticks"),
      deadLetters: (await this.api.call<{ items: unknown[] }>("GET", `/orgs/${slug}/dead-letters?limit=100`)).items
        .length,
    };
  }

  async dispose(): Promise<void> {
    await this.#platform.dispose();
  }

  async #prepare(slug: string): Promise<void> {
    const post = (path: string, body: unknown): Promise<unknown> => this.api.call("POST", path, body);
    await post("/orgs", { slug });
    await post(`/orgs/${slug}/scripts`, { name: "writer", source: WRITER });
    await post(`/orgs/${slug}/scripts`, { name: "handler", source: HANDLER });
    await post(`/orgs/${slug}/scripts`, { name: "clock", source: CLOCK });
    await post(`/orgs/${slug}/routes`, { script: "writer", path: "/write" });
    const retry = { policy: "constant", delayMs: 500, maxAttempts: 50 };
    const trigger = (name: string, script: string, source: object): Promise<unknown> =>
      post(`/orgs/${slug}/triggers`, { name, script, source, retry });
    await trigger("kv-changes", "handler", { kind: "kv", collection: "changes" });
    await trigger("docs-changes", "handler", { kind: "docs", collection: "changes" });
    await trigger("queue-changes", "handler", { kind: "queue", queue: "changes" });
    await trigger("every-second", "clock", { kind: "cron", schedule: "* * * * * *" });
  }

  async #startAgain(killed: readonly number[]): Promise<void> {
    const { directory, port } = this.#platform;
    while (killed.some(isAlive)) await pause(20);
    this.#platform = await startPlatform({ directory, port });
  }

  async #answers(slug: string): Promise<boolean> {
    const probe = this.#platform.fetch(`${slug}.localhost`, "/.isola/healthz", { timeoutMs: 2_000 });
    return probe.then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  async #docIds(slug: string): Promise<Set<string>> {
    const ids = new Set<string>();
    let cursor: string | null = null;
    do {
      const page: { items: { id: string }[]; cursor: string | null } = await this.api.call(
        "POST",
        `/orgs/${slug}/docs/changes/query`,
        { limit: 1_000, ...(cursor === null ? {} : { cursor }) },
      );
      for (const { id } of page.items) ids.add(id);
      ({ cursor } = page);
    } while (cursor !== null);
    return ids;
  }
}
