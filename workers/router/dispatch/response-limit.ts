/**
 * Holds a response's body to its limit while it streams; one that runs over is cut off, which its reader sees as a
 * failed transfer.
 */
export function boundResponse(response: Response, bytesMax: number): Response {
  const { body } = response;
  if (body === null) return response;
  let seen = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (seen > bytesMax) throw new RangeError(`The response is over its limit of ${bytesMax} bytes.`);
      controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(body.pipeThrough(counter), { status, statusText, headers });
}

/** Whether a response says beforehand that it is longer than it may be. */
export function declaresTooMuch(response: Response, bytesMax: number): boolean {
  return Number(response.headers.get("content-length") ?? 0) > bytesMax;
}
