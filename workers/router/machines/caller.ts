import type { RouterEnv } from "../env.ts";

/** Who a request comes from and what it was sent to, as the platform itself knows it. */
export interface Caller {
  /** Null where nobody can tell. */
  address: string | null;
  protocol: "http" | "https";
  /** As it was asked for, with its port where that was said. */
  host: string;
  port: string;
}

/** Reads that from what no caller can write: on Cloudflare its own header, elsewhere the connection. */
export function callerOf(
  request: Request,
  rawHost: string,
  { PUBLIC_URL, TENANT_URL }: Pick<RouterEnv, "PUBLIC_URL" | "TENANT_URL">,
): Caller {
  const protocol = request.url.startsWith("https:") || TENANT_URL.startsWith("https:") ? "https" : "http";
  const colon = rawHost.indexOf(":");
  const said = colon < 0 ? "" : rawHost.slice(colon + 1);
  return {
    address: PUBLIC_URL.startsWith("https://") ? request.headers.get("cf-connecting-ip") : peerOf(request),
    protocol,
    host: rawHost,
    port: said === "" ? (protocol === "https" ? "443" : "80") : said,
  };
}

/** The other end of the connection, which workerd writes as `1.2.3.4:5678` or `[::1]:5678`; Miniflare without the port. */
const PEER = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)|([0-9a-fA-F:]+:[0-9a-fA-F.]*))(?::[0-9]+)?$/;

function peerOf({ cf }: Request): string | null {
  const { clientIp } = (cf ?? {}) as { clientIp?: unknown };
  const [, six, four, bare] = (typeof clientIp === "string" && PEER.exec(clientIp)) || [];
  return six ?? four ?? bare ?? null;
}
