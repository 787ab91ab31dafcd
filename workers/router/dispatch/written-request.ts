import { PlatformError } from "../../../contracts/errors.ts";

/** A request as it is written down. */
interface WrittenRequest {
  method: string;
  headers: Record<string, string>;
  body: string | null;
  /** How the body is written; UTF-8 where nothing is said. */
  bodyEncoding?: "utf8" | "base64";
}

/**
 * The request that was written down.
 *
 * @throws PlatformError `invalid` for what no client could send
 */
export function requestOf(url: string, { method, headers, body, bodyEncoding }: WrittenRequest): Request {
  try {
    const bytes = body !== null && bodyEncoding === "base64";
    const content = bytes ? Uint8Array.from(atob(body), (character) => character.charCodeAt(0)) : body;
    return new Request(url, { method, headers, body: content, redirect: "manual" });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PlatformError("invalid", `This is no request that could be sent: ${reason}`, { issues: [{ reason }] });
  }
}

/** A request with JSON text for its body, as events and payloads reach a script. */
export function jsonRequest(url: string, text: string): Request {
  const body = new TextEncoder().encode(text);
  // The length spares the count of a body that streams.
  const headers = { "content-type": "application/json", "content-length": String(body.byteLength) };
  return new Request(url, { method: "POST", headers, body, redirect: "manual" });
}
