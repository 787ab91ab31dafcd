/** Why an address is not to be reached, in a word that says nothing of the address. */
export type RefusedCategory = "scheme" | "loopback" | "private" | "link-local" | "reserved";

/**
 * The category under which a script's URL is refused, judged by its text alone; null when the text is harmless.
 * What a name resolves to is judged by the network behind, which lets nothing through but public addresses.
 */
export function refusedCategory(url: URL): RefusedCategory | null {
  if (url.protocol !== "http:" && url.protocol !== "https:") return "scheme";
  const host = url.hostname.toLowerCase().replace(/\.$/, "");
  if (host === "localhost" || host.endsWith(".localhost")) return "loopback";
  if (/\.(?:internal|local|home\.arpa)$/.test(host)) return "private";
  if (host.startsWith("[")) return categoryOfIPv6(host.slice(1, -1));
  return categoryOfIPv4(host);
}

/** `URL` has already turned decimal, octal, hex and short forms into four decimal numbers. */
function categoryOfIPv4(host: string): RefusedCategory | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host);
  if (match === null) return null;
  const [a = 0, b = 0] = match.slice(1).map(Number);
  if (a === 127) return "loopback";
  if (a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168)) return "private";
  if (a === 100 && b >= 64 && b <= 127) return "private";
  if (a === 169 && b === 254) return "link-local";
  if (a === 0 || a >= 224 || (a === 192 && b === 0) || (a === 198 && (b === 18 || b === 19))) return "reserved";
  return null;
}

function categoryOfIPv6(host: string): RefusedCategory | null {
  if (host === "::1") return "loopback";
  if (/^(?:::|::ffff:|64:ff9b:)/.test(host)) return "reserved";
  if (/^f[cd]/.test(host)) return "private";
  if (/^fe[89ab]/.test(host)) return "link-local";
  if (host.startsWith("ff")) return "reserved";
  return null;
}
