import type { HostRecord } from "../../../contracts/domains.ts";
import { HOST_CACHE_ENTRIES_MAX, NEGATIVE_FRESH_MS } from "../../../contracts/limits.ts";
import { FRESH_MS } from "./host-cache.ts";

/** What this isolate knows of one host that is not the platform's. */
export interface KnownDomain {
  /** Null where nobody has claimed it. */
  record: HostRecord | null;
  /** Until when that holds without asking, in epoch milliseconds. */
  freshUntil: number;
  /** Until when somebody else is asking, so that what was known may serve meanwhile. */
  refreshingUntil: number;
}

/**
 * Host name → whose domain it is. Only answers are kept, never questions, and those that were not asked for longest go
 * first: whoever makes up hosts, or has a wildcard of their own, does not push out the domains that others come to.
 */
export class DomainCache {
  readonly #byHost = new Map<string, KnownDomain>();

  /** Hosts that are kept. */
  get size(): number {
    return this.#byHost.size;
  }

  /** What is known of a host; undefined where it was never asked for, or long ago. */
  find(hostname: string): KnownDomain | undefined {
    return this.#byHost.get(hostname);
  }

  /** Writes down what the authority answered, at `now` in epoch milliseconds. */
  learn(hostname: string, record: HostRecord | null, now: number): void {
    this.#byHost.delete(hostname);
    if (this.#byHost.size >= HOST_CACHE_ENTRIES_MAX) {
      for (const oldest of this.#byHost.keys()) {
        this.#byHost.delete(oldest);
        break;
      }
    }
    const freshUntil = now + (record === null ? NEGATIVE_FRESH_MS : FRESH_MS);
    this.#byHost.set(hostname, { record, freshUntil, refreshingUntil: 0 });
  }

  /** Makes the next request for a domain (`shop.example.com` or `*.example.com`) and for each host under it ask. */
  forget(domain: string): void {
    const name = domain.startsWith("*.") ? domain.slice(2) : domain;
    for (const [hostname, known] of this.#byHost) {
      if (hostname !== name && !hostname.endsWith(`.${name}`)) continue;
      known.freshUntil = 0;
      known.refreshingUntil = 0;
    }
  }
}
