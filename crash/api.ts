import type { Platform } from "../test/support/platform.ts";

/** One entry of a kv collection, as the API lists it. */
export interface Entry {
  key: string;
  value: unknown;
}

/** The management API of a platform that may be down for a moment: every call here is safe to repeat, and is. */
export class Api {
  readonly #platform: () => Platform;
  #token: string | null = null;

  constructor(platform: () => Platform) {
    this.#platform = platform;
  }

  /** Calls until it is answered with a success, for a minute at most. */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const until = Date.now() + 60_000;
    for (;;) {
      const outcome = await this.#attempt(method, path, body);
      if (outcome.ok) return outcome.value as T;
      if (Date.now() > until || !outcome.again) throw new Error(`${method} ${path}: ${outcome.reason}`);
      await new Promise((done) => setTimeout(done, 200));
    }
  }

  /** All entries of a collection. */
  async entries(slug: string, collection: string): Promise<Entry[]> {
    const all: Entry[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { items: Entry[]; cursor: string | null } = await this.call(
        "GET",
        `/orgs/${slug}/kv/${collection}?limit=1000&values=true${query}`,
      );
      all.push(...page.items);
      ({ cursor } = page);
    } while (cursor !== null);
    return all;
  }

  async #attempt(
    method: string,
    path: string,
    body: unknown,
  ): Promise<{ ok: true; value: unknown } | { ok: false; again: boolean; reason: string }> {
    try {
      const platform = this.#platform();
      this.#token ??= await platform.token();
      const answer = await platform.fetch("app.localhost", `/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        timeoutMs: 10_000,
      });
      if (answer.status < 300) return { ok: true, value: answer.text === "" ? null : JSON.parse(answer.text) };
      return { ok: false, again: answer.status >= 500, reason: `${answer.status} ${answer.text}` };
    } catch (error) {
      return { ok: false, again: true, reason: String(error) };
    }
  }
}
