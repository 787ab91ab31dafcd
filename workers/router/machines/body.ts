import { TENANT_BODY_BYTES_MAX } from "../../../contracts/limits.ts";
import { isBodiless, tooLarge } from "../dispatch/body-limit.ts";

/** A body on its way to a machine, held to its limit. */
export interface MachineBody {
  stream: ReadableStream<Uint8Array> | null;
  /** Whether it ran over while it was sent. */
  exceeded(): boolean;
}

const within = (): boolean => false;

/**
 * The body of a request as it streams to a machine: one that says its length goes through untouched, since the runtime
 * holds it to that, and any other is counted and cut off where it runs over.
 *
 * @throws PlatformError `too_large`
 */
export function machineBody(request: Request): MachineBody {
  const { body } = request;
  if (body === null || isBodiless(request)) return { stream: null, exceeded: within };
  const declared = request.headers.get("content-length");
  if (declared !== null) {
    if (Number(declared) > TENANT_BODY_BYTES_MAX) throw tooLarge(TENANT_BODY_BYTES_MAX);
    return { stream: body, exceeded: within };
  }
  let seen = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (seen > TENANT_BODY_BYTES_MAX) throw tooLarge(TENANT_BODY_BYTES_MAX);
      controller.enqueue(chunk);
    },
  });
  return { stream: body.pipeThrough(counter), exceeded: () => seen > TENANT_BODY_BYTES_MAX };
}
