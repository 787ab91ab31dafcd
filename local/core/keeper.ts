/**
 * The launcher's own Worker in the core: it lets edges read projections, and the launcher wake the control plane.
 * Its default export is where Miniflare's entry leads, which nobody is meant to use.
 */

/** What the keeper needs of the KV namespace. */
export interface ProjectionReader {
  getWithMetadata(key: string, type: "stream"): Promise<{ value: ReadableStream | null; metadata: unknown }>;
}

export interface KeeperEnv {
  PROJECTIONS: ProjectionReader;
  CONTROL_PLANE: { scheduled(event: { scheduledTime: Date; cron: string }): Promise<{ outcome: string }> };
  SECRETS_KEYS: { replace(keys: string): Promise<void> };
}

export default {
  fetch(): Response {
    return new Response("not found\n", { status: 404 });
  },
};

/** The runtime's KV binding speaks HTTP: `GET /<key>?urlencoded=true`. Only that is answered; nothing can be written. */
export const kvReader = {
  async fetch(request: Request, env: KeeperEnv): Promise<Response> {
    if (request.method !== "GET") return new Response("projections are read-only here\n", { status: 405 });
    const { pathname, searchParams } = new URL(request.url);
    const raw = pathname.slice(1);
    const key = searchParams.get("urlencoded") === "true" ? decodeURIComponent(raw) : raw;
    const { value, metadata } = await env.PROJECTIONS.getWithMetadata(key, "stream");
    if (value === null) return new Response("not found\n", { status: 404 });
    const headers = metadata === null ? {} : { "cf-kv-metadata": JSON.stringify(metadata) };
    return new Response(value, { headers });
  },
};

/** `GET /beat` says that the core runs; `POST /tick` is the control plane's clock; `POST /keys` gives keys for secrets. */
export const pulse = {
  async fetch(request: Request, env: KeeperEnv): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/beat") return new Response("ok\n");
    if (pathname === "/keys" && request.method === "POST") {
      await env.SECRETS_KEYS.replace(await request.text());
      return new Response("ok\n");
    }
    if (pathname !== "/tick" || request.method !== "POST") return new Response("not found\n", { status: 404 });
    const { outcome } = await env.CONTROL_PLANE.scheduled({ scheduledTime: new Date(), cron: "* * * * *" });
    return new Response(`${outcome}\n`, { status: outcome === "ok" ? 200 : 500 });
  },
};
