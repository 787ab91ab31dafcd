/**
 * Headers that a script cannot send on: what belongs to one connection and is the runtime's to say, and what Cloudflare
 * alone says of a request. There the network replaces those; here nobody would, and a receiver may believe them. Other
 * claims, such as `X-Forwarded-For`, anybody can send, and a script that is a proxy has to.
 */
const WITHHELD: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "cdn-loop",
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "cf-connecting-o2o",
  "cf-ew-via",
  "cf-ipcountry",
  "cf-pseudo-ipv4",
  "cf-ray",
  "cf-visitor",
  "cf-worker",
  "true-client-ip",
]);
const WITHHELD_PREFIX = /^(?:x-isola-|proxy-)/;

/** The length that a request says its body has, in bytes; null where it has a body and says nothing that can be used. */
export function declaredLength(request: Request): number | null {
  if (request.body === null) return 0;
  const text = request.headers.get("content-length");
  return text !== null && /^[0-9]{1,15}$/.test(text) ? Number(text) : null;
}

/**
 * The request as it leaves: to the URL that was judged, without what a script cannot say, and each hop by itself,
 * because a redirect is followed in the script's isolate and judged again. Nothing else of the original is kept,
 * so that no option of the runtime's (`cf`, `cache`) comes through.
 */
export function outgoingRequest(request: Request, url: URL, body: ReadableStream | null): Request {
  const headers = new Headers();
  for (const [name, value] of request.headers) if (!isWithheld(name, value)) headers.append(name, value);
  return new Request(url, { method: request.method, headers, body, redirect: "manual", signal: request.signal });
}

function isWithheld(name: string, value: string): boolean {
  if (name === "upgrade") return value.toLowerCase() !== "websocket";
  return WITHHELD.has(name) || WITHHELD_PREFIX.test(name);
}
