import { PlatformError } from "../../../contracts/errors.ts";
import type { RecordedBody } from "../../../contracts/execution.ts";
import { LOG_BODY_BYTES_MAX, TENANT_BODY_BYTES_MAX } from "../../../contracts/limits.ts";
import { BodyStart, recordedBody } from "./capture.ts";

/** A request whose body is held to its limit. */
export interface BoundedRequest {
  request: Request;
  /** Whether the body ran over while it was read. */
  exceeded(): boolean;
  /** What the record keeps of the body, as far as it was read. */
  recorded(): RecordedBody | null;
}

const bare = (request: Request, recorded: RecordedBody | null): BoundedRequest => ({
  request,
  exceeded: () => false,
  recorded: () => recorded,
});

/** Whether a request can have no body, which spares it {@link boundBody}. */
export const isBodiless = ({ method }: Request): boolean => method === "GET" || method === "HEAD";

/**
 * Holds a request's body to its limit and keeps its beginning for the record. A declared length is refused at once, and
 * a small body is read first; any other is counted as it streams, and cut off where it runs over.
 *
 * @throws PlatformError `too_large`
 */
export async function boundBody(request: Request, bytesMax: number = TENANT_BODY_BYTES_MAX): Promise<BoundedRequest> {
  if (request.body === null) return bare(request, null);
  const declared = request.headers.get("content-length");
  if (declared !== null) {
    const bytes = Number(declared);
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    if (bytes <= LOG_BODY_BYTES_MAX) {
      const body = new Uint8Array(await request.arrayBuffer());
      return bare(new Request(request, { body }), recordedBody(body, false));
    }
  }
  let seen = 0;
  const start = new BodyStart();
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (seen > bytesMax) throw tooLarge(bytesMax);
      start.add(chunk);
      controller.enqueue(chunk);
    },
  });
  const body = request.body.pipeThrough(counter);
  return {
    request: new Request(request, { body }),
    exceeded: () => seen > bytesMax,
    recorded: () => start.recorded(),
  };
}

/** The refusal of a body over the limit. */
export function tooLarge(bytesMax: number): PlatformError {
  return new PlatformError("too_large", `The body is over the limit of ${bytesMax} bytes. Send less, or in parts.`, {
    limitBytes: bytesMax,
  });
}
