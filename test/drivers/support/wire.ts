import type { ProviderFetch } from "../../../workers/control-plane/provisioning/drivers/http.ts";

/** What happens to one call on its way. */
export type Mishap =
  /** It is done, and nobody hears of it. */
  | "lost"
  /** It never gets there, and nobody says so. */
  | "hangs"
  /** It never gets there; the connection is refused. */
  | "refused"
  | { status: number; headers?: Record<string, string> };

/** The way between a driver and its provider, on which single calls go wrong. */
export interface Wire {
  fetch: ProviderFetch;
  /** How many calls went over it since it was last told what is to happen. */
  calls(): number;
  /** The call of this number, counted from 1, goes wrong, or each from it on; null lets all pass. */
  arrange(mishap: Mishap | null, at?: number, until?: number): void;
  /** Whether that has happened. */
  happened(): boolean;
}

export function wireTo(fetch: ProviderFetch): Wire {
  let count = 0;
  let planned: { mishap: Mishap; at: number; until: number } | null = null;
  let happened = false;
  return {
    calls: () => count,
    happened: () => happened,
    arrange: (mishap, at = 1, until = at) => {
      count = 0;
      happened = false;
      planned = mishap === null ? null : { mishap, at, until };
    },
    fetch: async (url, init) => {
      count += 1;
      if (planned === null || count < planned.at || count > planned.until) return fetch(url, init);
      happened = true;
      const { mishap } = planned;
      if (mishap === "hangs") return new Promise<never>(() => {});
      if (mishap === "refused") throw new TypeError("fetch failed");
      if (mishap !== "lost") return new Response(JSON.stringify({ error: "trouble" }), mishap);
      await (await fetch(url, init)).arrayBuffer();
      throw new TypeError("fetch failed");
    },
  };
}
