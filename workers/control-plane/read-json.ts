import { PlatformError } from "../../contracts/errors.ts";

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json(?:\s*;|$)/i;

/** Reads a JSON body. Refuses other media types (`unsupported_media_type`) and what is no JSON in UTF-8 (`malformed`). */
export async function readJson(request: Request): Promise<{ text: string; value: unknown }> {
  if (!JSON_TYPE.test(request.headers.get("content-type") ?? "")) {
    throw new PlatformError("unsupported_media_type", "Send the body as JSON, with `Content-Type: application/json`.");
  }
  const bytes = await request.arrayBuffer();
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new PlatformError("malformed", "The body is not valid UTF-8. Send JSON encoded as UTF-8.");
  }
  try {
    return { text, value: JSON.parse(text) as unknown };
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unreadable";
    throw new PlatformError("malformed", `The body is not valid JSON: ${reason}`);
  }
}
