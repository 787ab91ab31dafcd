import { once } from "node:events";

import type { Client } from "../contracts/client.ts";
import { processesOf } from "../crash/victims.ts";
import type { Fault } from "../local/machines/faults.ts";
import { type PracticeProvider, startPracticeProvider } from "../local/machines/provider.ts";
import type { Holdings } from "../local/machines/resources.ts";
import { type Platform, startPlatform } from "../test/support/platform.ts";

const TOKEN = "practice-token-of-this-run";
/** Longest that anything here may take, in milliseconds. */
const PATIENCE_MS = 180_000;
const POLL_MS = 100;

/** What an org and its machine look like from outside. */
export interface Standing {
  org: string;
  machine: string | null;
  provision: string | null;
  /** Code and message of what went wrong. */
  code: string | null;
  message: string;
  lines: readonly string[];
  /** Attempts of the step that took most. */
  attempts: number;
  region: string | null;
}

/** A platform of its own, with a practice provider that stays when the platform's processes are killed. */
export class Stage {
  readonly #provider: PracticeProvider;
  #platform: Platform;
  #client: Client | null = null;

  private constructor(provider: PracticeProvider, platform: Platform) {
    this.#provider = provider;
    this.#platform = platform;
  }

  static async open(): Promise<Stage> {
    const provider = await startPracticeProvider({ token: TOKEN, stateFile: null });
    const platform = await startPlatform({ env: environmentOf(provider) });
    return new Stage(provider, platform);
  }

  async client(): Promise<Client> {
    return (this.#client ??= await this.#platform.client());
  }

  /** Says what is to fail from now on; nothing where nothing is said. */
  async faults(...faults: Partial<Fault>[]): Promise<void> {
    await this.practice("POST", "/faults", faults);
  }

  /** Calls the practice provider itself. */
  async practice<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.#provider.url + path, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  resources(): Promise<Holdings> {
    return this.practice("GET", "/resources");
  }

  async create(slug: string, machine: Record<string, unknown> = {}): Promise<void> {
    await (await this.client()).createOrg({ body: { slug, driver: "mock", machine } });
  }

  async standing(slug: string): Promise<Standing> {
    const client = await this.client();
    const [org, { machine, provision }] = await Promise.all([
      client.getOrg({ params: { slug } }),
      client.getMachine({ params: { slug } }),
    ]);
    const error = machine?.error ?? provision?.error ?? null;
    return {
      org: org.state,
      machine: machine?.state ?? null,
      provision: provision?.state ?? null,
      code: error?.code ?? null,
      message: error?.message ?? "",
      lines: error?.lines ?? [],
      attempts: Math.max(0, ...(provision?.steps ?? []).map(({ attempts }) => attempts)),
      region: machine?.region ?? null,
    };
  }

  /** Waits until an org's machine stands or has failed for good, and says how it is. */
  settled(slug: string): Promise<Standing> {
    return this.until(`${slug} to settle`, async () => {
      const standing = await this.standing(slug);
      const moving = [standing.provision === "running", standing.provision === "compensating"];
      const going = ["starting", "stopping", "destroying"].includes(standing.machine ?? "");
      return moving.includes(true) || going || ["provisioning", "starting"].includes(standing.org) ? null : standing;
    });
  }

  /** Waits for something that is not null; failures in between are those of a platform that is just coming back. */
  async until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
    const until = Date.now() + PATIENCE_MS;
    let last: unknown;
    while (Date.now() < until) {
      try {
        const found = await look();
        if (found !== null) return found;
      } catch (error) {
        last = error;
      }
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
    throw new Error(`waited ${PATIENCE_MS} ms in vain for ${what}`, { cause: last });
  }

  /** Asks an org's host. */
  get(slug: string, path = "/"): ReturnType<Platform["fetch"]> {
    return this.#platform.fetch(`${slug}.localhost`, path);
  }

  /** Destroys an org, and waits until it is gone. */
  async destroy(slug: string): Promise<void> {
    const client = await this.client();
    await client.deleteOrg({ params: { slug }, query: { confirm: slug } });
    await this.until(`${slug} to be gone`, async () => {
      const { items } = await client.listOrgs({ query: { limit: 100 } });
      return items.some((org) => org.slug === slug) ? null : true;
    });
  }

  /** Ends the state process with kill -9; the launcher starts another. */
  async killCore(): Promise<void> {
    for (const pid of processesOf("core", this.#platform.process.pid ?? 0)) process.kill(pid, "SIGKILL");
    await this.until("the core to be back", async () => (await (await this.client()).getMe({})) !== null);
  }

  /** Ends everything with kill -9, and starts again on what is left. */
  async killLauncher(): Promise<void> {
    const { directory, port, process: launcher } = this.#platform;
    const ended = once(launcher, "exit");
    launcher.kill("SIGKILL");
    await ended;
    this.#platform = await startPlatform({ directory, port, env: environmentOf(this.#provider) });
  }

  async dispose(): Promise<void> {
    await this.#platform.dispose();
    await this.#provider.stop();
  }
}

const environmentOf = ({ url }: PracticeProvider) => ({
  ISOLA_DRIVERS: "mock,external",
  MOCK_PROVIDER_URL: url,
  MOCK_PROVIDER_TOKEN: TOKEN,
});
