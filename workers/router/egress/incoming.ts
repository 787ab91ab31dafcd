import { EGRESS_RESPONSE_BYTES_MAX } from "../../../contracts/limits.ts";
import { counted } from "./counted.ts";

/** Encodings that the runtime unpacks where a body is read; any other reaches the script as it is. */
const UNPACKED: ReadonlySet<string> = new Set(["gzip", "br"]);
/** What the platform says to itself inside an isolate, and nobody outside may say. */
const OWN_PREFIX = "x-isola-";

const tooLarge = (): Error =>
  new Error(
    `Egress refused (too-large): an answer to fetch may have ${EGRESS_RESPONSE_BYTES_MAX} bytes. Ask for less, in pages or ranges.`,
  );

/**
 * The answer with its body held to what one request may bring in, and without words of the platform's own. A body of a
 * declared length passes untouched; one that is compressed is unpacked here, because what counts is what the isolate
 * would have to hold.
 *
 * @throws Error when the declared length is over it.
 */
export function boundedResponse(response: Response): Response {
  if (response.webSocket !== null) return response;
  const { body } = response;
  const length = response.headers.get("content-length");
  const packed = UNPACKED.has(response.headers.get("content-encoding") ?? "");
  if (body !== null && length !== null && Number(length) > EGRESS_RESPONSE_BYTES_MAX) throw tooLarge();
  const uncounted = body === null || (length !== null && !packed);
  if (uncounted && !saysOwnWords(response.headers)) return response;

  const headers = new Headers();
  for (const [name, value] of response.headers) {
    const untrue = packed && !uncounted && (name === "content-encoding" || name === "content-length");
    if (!untrue && !name.startsWith(OWN_PREFIX)) headers.append(name, value);
  }
  return new Response(uncounted ? body : bounded(body), {
    status: response.status,
    statusText: response.statusText,
    headers,
  });
}

function saysOwnWords(headers: Headers): boolean {
  for (const name of headers.keys()) if (name.startsWith(OWN_PREFIX)) return true;
  return false;
}

function bounded(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  let total = 0;
  return counted(body, (bytes) => {
    total += bytes;
    if (total > EGRESS_RESPONSE_BYTES_MAX) throw tooLarge();
  });
}
