import { PlatformError } from "../../../contracts/errors.ts";
import { TENANT_BODY_BYTES_MAX } from "../../../contracts/limits.ts";

/** A request whose body is watched: `exceeded()` says whether it ran over while it was read. */
export interface BoundedRequest {
  request: Request;
  exceeded: () => boolean;
}

const within = () => false;

/**
 * Holds a request's body to its limit. A declared length is refused at once; an undeclared one is
 * counted as it streams, and cut off where it runs over.
 *
 * @throws PlatformError `too_large`
 */
export function boundBody(request: Request, bytesMax: number = TENANT_BODY_BYTES_MAX): BoundedRequest {
  if (request.method === "GET" || request.method === "HEAD") return { request, exceeded: within };
  const declared = request.headers.get("content-length");
  if (declared !== null) {
    if (Number(declared) > bytesMax) throw tooLarge(bytesMax);
    return { request, exceeded: within };
  }
  if (request.body === null) return { request, exceeded: within };
  let seen = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (seen > bytesMax) throw tooLarge(bytesMax);
      controller.enqueue(chunk);
    },
  });
  const body = request.body.pipeThrough(counter);
  return { request: new Request(request, { body }), exceeded: () => seen > bytesMax };
}

/** The refusal of a body over the limit. */
export function tooLarge(bytesMax: number): PlatformError {
  return new PlatformError("too_large", `The body is over the limit of ${bytesMax} bytes. Send less, or in parts.`, {
    limitBytes: bytesMax,
  });
}
