/**
 * Passes a body on and reports each piece before it goes on. What `count` throws ends the body there, and whoever reads
 * or sends it fails with that.
 */
export function counted(body: ReadableStream<Uint8Array>, count: (bytes: number) => void): ReadableStream<Uint8Array> {
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        count(chunk.byteLength);
        controller.enqueue(chunk);
      },
    }),
  );
}
