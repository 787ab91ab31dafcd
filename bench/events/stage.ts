import { Api } from "../../crash/api.ts";
import { startPlatform, type Platform } from "../../test/support/platform.ts";

/** A platform to measure events on, with calls of its management API. */
export interface EventStage {
  platform: Platform;
  api: Api;
  /** Makes an org with one script that answers everything below `/`. */
  deploy(slug: string, source: string): Promise<void>;
  get(slug: string, path: string): Promise<unknown>;
}

/** Starts one; the caller disposes of its platform. */
export async function startEventStage(): Promise<EventStage> {
  const platform = await startPlatform();
  const api = new Api(() => platform);
  return {
    platform,
    api,
    deploy: async (slug, source) => {
      await api.call("POST", "/orgs", { slug });
      await api.call("POST", `/orgs/${slug}/scripts`, { name: "main", source });
      await api.call("POST", `/orgs/${slug}/routes`, { script: "main", path: "/*" });
    },
    get: async (slug, path) => {
      const answer = await platform.fetch(`${slug}.localhost`, path);
      if (answer.status !== 200) throw new Error(`${slug}${path} answered ${answer.status} ${answer.text}`);
      return JSON.parse(answer.text);
    },
  };
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
