import { ApiError } from "../../contracts/client.ts";
import { VERSIONS_PER_SCRIPT_MAX } from "../../contracts/limits.ts";
import type { ParsedRoute } from "../../contracts/routing/index.ts";
import { lookAround, makeRoutes, saveVersion, urlOf, type VersionSettings } from "../deploy/publish.ts";
import type { RoutePlan } from "../deploy/routes.ts";
import type { Upload } from "../deploy/upload.ts";
import type { Org } from "../session/org.ts";
import type { ApiRoute } from "../session/route-text.ts";
import type { Workplace } from "../session/workplace.ts";
import type { Live } from "./develop.ts";

/** What was found before the first upload. */
interface Around {
  org: Org;
  plan: RoutePlan;
  /** Number of the version that was live; null for a new script. */
  before: number | null;
}

/** Looks at the org before anything is sent. Throws as a deploy does when a route conflicts. */
export async function survey(
  place: Workplace,
  script: string,
  wanted: readonly ParsedRoute[],
  settings: VersionSettings,
): Promise<Around> {
  const [{ org, plan }, before] = await Promise.all([
    lookAround(place, script, wanted, settings.kind),
    liveNumber(place, script),
  ]);
  return { org, plan, before };
}

async function liveNumber({ client, slug }: Workplace, name: string): Promise<number | null> {
  try {
    return (await client.getScript({ params: { slug, name } })).live.number;
  } catch (error) {
    if (error instanceof ApiError && error.code === "not_found") return null;
    throw error;
  }
}

/** Makes one upload after the other live as one script; the routes are made with the first. */
export class Publisher {
  readonly #place: Workplace;
  readonly #script: string;
  readonly #settings: VersionSettings;
  readonly #around: Around;
  #routes: ApiRoute[] | null = null;
  #live: Live | null = null;

  constructor(place: Workplace, script: string, settings: VersionSettings, around: Around) {
    this.#place = place;
    this.#script = script;
    this.#settings = settings;
    this.#around = around;
  }

  /** What was made live last. */
  get live(): Live | null {
    return this.#live;
  }

  async publish(upload: Upload, signal: AbortSignal): Promise<Live> {
    const saved = await saveVersion(this.#place, this.#script, upload, this.#settings, signal);
    this.#routes ??= await makeRoutes(this.#place, saved, this.#around.plan);
    const { org } = this.#around;
    const urls = this.#routes.map((route) => urlOf(route, org.url));
    if (urls.length === 0 && saved.kind === "endpoint") urls.push(saved.executeUrl);
    this.#live = { script: saved.name, version: saved.live.number, urls };
    return this.#live;
  }

  /** What is left behind, in a sentence; null when nothing was made live. */
  summary(): string | null {
    const { before } = this.#around;
    if (this.#live === null) return null;
    const { script, version } = this.#live;
    const now = `v${version} of ${script} stays live.`;
    if (before === null || before === version) return now;
    // Only the newest are kept, and a long session makes many.
    if (version - before >= VERSIONS_PER_SCRIPT_MAX)
      return `${now} v${before}, which was live before, is no longer kept.`;
    return `${now} It was v${before} before: \`isola scripts rollback ${script} ${before}\` goes back.`;
  }
}
