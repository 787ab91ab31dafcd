import type { Run } from "./run.ts";

/** Callers of runs that take longer may have given up, in milliseconds. */
const LONG_RUN_MS = 200;
/**
 * Time in which a connection says that its other end is closed, once something was sent, in milliseconds, and how often
 * it is looked at: in a process that has much to do, the first look may come before the news is read.
 */
const ECHO_MS = 2;
const LOOKS = 4;
/** Answers up to this length are sent with it, in bytes. */
const WHOLE_BYTES_MAX = 256 * 1024;

/** Status of a run whose caller had gone, as proxies write it down. */
export const CALLER_GONE_STATUS = 499;

/**
 * Whether it is worth a look if the caller is still there. A connection that was closed in good order looks like one that
 * waits until something is sent, so the look costs a pause, which only a long run does not feel.
 */
export function isWorthALook(run: Run, response: Response | null, durationMs: number): boolean {
  if (durationMs < LONG_RUN_MS || response === null || !hasCaller(run)) return false;
  const { status, headers, body, webSocket } = response;
  // What comes encoded has to leave as it came.
  return status < 400 && body !== null && webSocket === null && !headers.has("content-encoding");
}

/** Whether somebody waits for a body at the other end of a connection. */
const hasCaller = ({ trigger, asksAgain, request }: Run): boolean =>
  asksAgain !== true && (trigger === "http" || trigger === "execute") && request.method !== "HEAD";

/**
 * The same answer, whose head goes out a moment before its body, and whether the caller had gone by then.
 *
 * @param streams whether the body may come slowly; one that does not is sent with its length, as it would have been.
 */
export async function announce(
  response: Response,
  signal: AbortSignal,
  streams: boolean,
): Promise<{ response: Response; gone: Promise<boolean> }> {
  const { status, statusText, headers } = response;
  const body = response.body ?? new Blob([]).stream();
  const whole = streams ? null : await readWhole(body);
  const { readable, writable } = whole?.rest === null ? new FixedLengthStream(whole.length) : new TransformStream();
  const gone = closes(signal).then((isGone) => {
    const sending = whole === null ? sendOn(body, writable, isGone) : sendWhole(whole, writable, isGone);
    // A transfer that breaks off is the reader's to notice.
    sending.catch(() => {});
    return isGone;
  });
  return { response: new Response(readable, { status, statusText, headers }), gone };
}

async function closes(signal: AbortSignal): Promise<boolean> {
  for (let look = 0; look < LOOKS && !signal.aborted; look++) await scheduler.wait(ECHO_MS);
  return signal.aborted;
}

interface Read {
  chunks: Uint8Array[];
  length: number;
  /** What is left to read; null for nothing. */
  rest: ReadableStreamDefaultReader<Uint8Array> | null;
}

async function readWhole(body: ReadableStream<Uint8Array>): Promise<Read> {
  const reader = body.getReader();
  const read: Read = { chunks: [], length: 0, rest: null };
  try {
    while (read.length <= WHOLE_BYTES_MAX) {
      const { done, value } = await reader.read();
      if (done) return read;
      read.chunks.push(value);
      read.length += value.byteLength;
    }
  } catch {
    // Reading on tells it once more, to whom the answer is for.
  }
  return { ...read, rest: reader };
}

const sendOn = (body: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array>, isGone: boolean) =>
  isGone ? body.cancel() : body.pipeTo(writable);

async function sendWhole(read: Read, writable: WritableStream<Uint8Array>, isGone: boolean): Promise<void> {
  if (isGone) return read.rest?.cancel();
  const writer = writable.getWriter();
  try {
    for (const chunk of read.chunks) await writer.write(chunk);
    for (let next = await read.rest?.read(); next?.done === false; next = await read.rest?.read()) {
      await writer.write(next.value);
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error);
  }
}
