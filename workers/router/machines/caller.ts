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

/** The other end of the connection: workerd says `1.2.3.4`, or `1.2.3.4:5678` with its port. */
function peerOf({ cf }: Request): string | null {
  const { clientIp } = (cf ?? {}) as { clientIp?: unknown };
  return typeof clientIp === "string" && /^[0-9a-fA-F:.]{2,45}$/.test(clientIp) ? clientIp : null;
}
