import type { RecordedBody } from "../../../contracts/execution.ts";
import { LOG_BODY_BYTES_MAX } from "../../../contracts/limits.ts";
import { BodyStart } from "./capture.ts";

/** A record does not wait longer than this for a body that comes slowly, in milliseconds. */
const BODY_WAIT_MS = 250;

/** Whether the record keeps the beginning of an answer's body: of those that tell the caller of a failure. */
export const isWorthKeeping = ({ status, body, webSocket }: Response): boolean =>
  status >= 400 && body !== null && webSocket === null;

/** An answer whose body is read twice: by its caller, and as far as a record keeps it. */
export function keepBody(response: Response): { response: Response; kept: Promise<RecordedBody | null> } {
  if (response.body === null) return { response, kept: Promise.resolve(null) };
  const [shown, read] = response.body.tee();
  const { status, statusText, headers } = response;
  return { response: new Response(shown, { status, statusText, headers }), kept: startOf(read) };
}

async function startOf(body: ReadableStream<Uint8Array>): Promise<RecordedBody | null> {
  const start = new BodyStart();
  const reader = body.getReader();
  const late = scheduler.wait(BODY_WAIT_MS).then(() => null);
  let whole = false;
  try {
    for (let bytes = 0; bytes <= LOG_BODY_BYTES_MAX;) {
      const next = await Promise.race([reader.read(), late]);
      whole = next?.done === true;
      if (next === null || next.done) break;
      bytes += next.value.byteLength;
      start.add(next.value);
    }
  } catch {
    // A body that broke off: its beginning is what there is.
  }
  reader.cancel().catch(() => {});
  const recorded = start.recorded();
  return recorded === null ? null : { ...recorded, truncated: recorded.truncated || !whole };
}
