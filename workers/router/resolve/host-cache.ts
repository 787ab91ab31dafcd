import { env } from "cloudflare:workers";

import { parseHost, slugOfHost } from "../../../contracts/hosts.ts";
import { HOST_CACHE_ENTRIES_MAX, NEGATIVE_FRESH_MS, PROJECTION_FRESH_MS } from "../../../contracts/limits.ts";
import type { ResolvedOrg } from "./org.ts";

/** Where an org went that had a slug before. */
export interface Moved {
  slug: string;
  orgId: string;
  /** Until when the slug leads there, in epoch milliseconds. */
  until: number;
}

/** How long a projection holds without asking; shorter in a process that nobody tells to forget. */
export const FRESH_MS = Number((env as { FRESH_MS?: string }).FRESH_MS ?? PROJECTION_FRESH_MS);

/** What this isolate knows of one slug. */
export interface Known {
  readonly slug: string;
  /** Null while unknown, and when there is no such org. */
  org: ResolvedOrg | null;
  /** Where the org is that had this slug before; null where none had, and where `org` is not null. */
  moved: Moved | null;
  /** What the authority said last, word for word, so that an unchanged answer costs no compiling. */
  text: string | null;
  /** Until when `org` holds without asking, in epoch milliseconds. */
  freshUntil: number;
  /** Until when somebody else is asking, so that a stale copy may serve meanwhile. */
  refreshingUntil: number;
}

/**
 * Host → what is known of its org. Keyed by the raw `Host` text, so that a warm request costs one
 * look-up and no parsing; bounded, because anybody can make up hosts.
 */
export class HostCache {
  readonly #domain: string;
  readonly #appHost: string;
  readonly #byHost = new Map<string, Known | null>();
  readonly #bySlug = new Map<string, Known>();

  constructor(domain: string, appHost: string) {
    this.#domain = domain;
    this.#appHost = appHost;
  }

  /** What is known of the org a host names; null when the host can name none. */
  lookUp(rawHost: string): Known | null {
    const hit = this.#byHost.get(rawHost);
    if (hit !== undefined) return hit;
    const parsed = parseHost(rawHost);
    const hostname = parsed?.hostname;
    const slug = hostname === undefined || hostname === this.#appHost ? null : slugOfHost(hostname, this.#domain);
    if (slug === null) return null;
    const known = this.bySlug(slug);
    if (this.#byHost.size >= HOST_CACHE_ENTRIES_MAX) this.#byHost.clear();
    this.#byHost.set(rawHost, known);
    return known;
  }

  /** The entry of a slug, made empty when there is none. */
  bySlug(slug: string): Known {
    let known = this.#bySlug.get(slug);
    if (known === undefined) {
      if (this.#bySlug.size >= HOST_CACHE_ENTRIES_MAX) this.#evict();
      known = { slug, org: null, moved: null, text: null, freshUntil: 0, refreshingUntil: 0 };
      this.#bySlug.set(slug, known);
    }
    return known;
  }

  /** Makes the next request for this slug ask the authority, and wait for it. */
  forget(slug: string): void {
    const known = this.#bySlug.get(slug);
    if (known === undefined) return;
    known.freshUntil = 0;
    known.refreshingUntil = 0;
    known.text = null;
  }

  /** Unknown slugs go first: a known org that is dropped costs a tenant a slow request. */
  #evict(): void {
    for (const [slug, known] of this.#bySlug) if (known.org === null) this.#bySlug.delete(slug);
    if (this.#bySlug.size >= HOST_CACHE_ENTRIES_MAX) this.#bySlug.clear();
    this.#byHost.clear();
  }
}

/** Writes down what the authority answered. */
export function learn(known: Known, org: ResolvedOrg | null, text: string | null, now: number): void {
  known.org = org;
  known.moved = null;
  known.text = text;
  known.freshUntil = now + (org === null ? NEGATIVE_FRESH_MS : FRESH_MS);
  known.refreshingUntil = 0;
}

/** Writes down that the slug was given up for another. */
export function learnMove(known: Known, moved: Moved, now: number): void {
  learn(known, null, null, now);
  known.moved = moved;
}
