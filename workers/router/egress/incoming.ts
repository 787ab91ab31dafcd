import { EGRESS_RESPONSE_BYTES_MAX } from "../../../contracts/limits.ts";
import { counted } from "./counted.ts";

const tooLarge = (): Error =>
  new Error(
    `Egress refused (too-large): an answer to fetch may have ${EGRESS_RESPONSE_BYTES_MAX} bytes. Ask for less, in pages or ranges.`,
  );

/**
 * The answer with its body held to what one request may bring in. A body of a declared length passes untouched; one
 * that is compressed is unpacked here, because what counts is what the isolate would have to hold.
 *
 * @throws Error when the declared length is over it.
 */
export function boundedResponse(response: Response): Response {
  if (response.body === null) return response;
  const length = response.headers.get("content-length");
  const packed = response.headers.has("content-encoding");
  if (length !== null && Number(length) > EGRESS_RESPONSE_BYTES_MAX) throw tooLarge();
  if (length !== null && !packed) return response;
  let total = 0;
  const body = counted(response.body, (bytes) => {
    total += bytes;
    if (total > EGRESS_RESPONSE_BYTES_MAX) throw tooLarge();
  });
  const headers = new Headers(response.headers);
  if (packed) {
    headers.delete("content-encoding");
    headers.delete("content-length");
  }
  return new Response(body, { status: response.status, statusText: response.statusText, headers });
}
