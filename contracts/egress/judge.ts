import type { EgressCategory } from "./category.ts";
import { canonicalHost, categoryOfHost, isPlatformHost, type PlatformHosts } from "./host.ts";
import { type EgressLists, isListed } from "./list.ts";
import { isPortOpen } from "./port.ts";

/** What a script's URL is held against. */
export interface EgressPolicy extends PlatformHosts {
  lists: EgressLists;
}

/** The URL as it may be sent, or the category under which it is refused. */
export type Judgement = { url: URL; category: null } | { url: null; category: EgressCategory };

/**
 * Judges a URL by its text alone, parsed once: what is sent is the very URL that was judged, so that nobody behind can
 * read it in another way. What a name resolves to is judged by the network, which reaches public addresses only. Never throws.
 */
export function judgeUrl(text: string, policy: EgressPolicy): Judgement {
  const url = URL.parse(text);
  if (url === null) return { url: null, category: "malformed" };
  const category = categoryOf(url, policy);
  return category === null ? { url, category } : { url: null, category };
}

function categoryOf(url: URL, policy: EgressPolicy): EgressCategory | null {
  if (url.protocol !== "http:" && url.protocol !== "https:") return "scheme";
  if (url.username !== "" || url.password !== "") return "userinfo";
  const host = canonicalHost(url);
  if (host === null) return "malformed";
  // On one computer the platform's bare domain is also where everything else on that computer lives.
  if (isPlatformHost(host, policy) && host !== "localhost") return "platform";
  const category = categoryOfHost(host);
  if (category !== null) return category;
  if (!isPortOpen(url.port)) return "port";
  if (isListed(host, policy.lists.deny)) return "denied";
  return policy.lists.allow.length > 0 && !isListed(host, policy.lists.allow) ? "not-allowed" : null;
}
