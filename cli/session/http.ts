import { request as requestHttp, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { buffer } from "node:stream/consumers";

import { EVENT_STREAM_TYPE } from "../../contracts/event-stream.ts";
import { PlatformError } from "../../contracts/errors.ts";

const CALL_TIMEOUT_MS = 60_000;
/** Silence after which a stream of events counts as dead; its other end says something every 15 seconds. */
const STREAM_SILENCE_MS = 45_000;

const LOOPBACK = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

// Names below `localhost` are this computer by definition (RFC 6761), and Node's resolver does not know them.
const lookUpLoopback: LookupFunction = (_name, options, done) => {
  const [first] = LOOPBACK;
  if (options.all === true) done(null, LOOPBACK);
  else done(null, first?.address ?? "", first?.family);
};

// This computer answers or refuses at once; only a busy one is late, and has then to be waited for.
const LOOPBACK_OPTIONS = { lookup: lookUpLoopback, autoSelectFamilyAttemptTimeout: CALL_TIMEOUT_MS };

/**
 * A `fetch` that also reaches `*.localhost`. It follows no redirect, so a key never travels on to another host.
 * @throws PlatformError `unavailable` or `timeout` when nobody answers, in words that say what to do.
 */
export async function reach(url: string, init: RequestInit = {}): Promise<Response> {
  const target = new URL(url);
  const headers = new Headers(init.headers);
  const streams = headers.get("accept") === EVENT_STREAM_TYPE;
  const signals = [...(streams ? [] : [AbortSignal.timeout(CALL_TIMEOUT_MS)]), ...(init.signal ? [init.signal] : [])];
  const options: RequestOptions = {
    method: init.method ?? "GET",
    headers: Object.fromEntries(headers),
    timeout: CALL_TIMEOUT_MS,
    ...(isLoopbackName(target.hostname) ? LOOPBACK_OPTIONS : {}),
  };
  const { body } = init;
  if (body !== undefined && body !== null && typeof body !== "string") throw new TypeError("The body must be text.");
  try {
    const message = await send(target, options, body ?? "", AbortSignal.any(signals));
    if (streams && message.statusCode === 200) return toStream(message, target);
    return toResponse(message, await buffer(message));
  } catch (error) {
    throw connectionError(error, target);
  }
}

/** Whether a host name can only be this computer. */
export const isLoopbackName = (name: string): boolean => name === "localhost" || name.endsWith(".localhost");

function send(target: URL, options: RequestOptions, body: string, signal: AbortSignal): Promise<IncomingMessage> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    let answer: IncomingMessage | null = null;
    const start = target.protocol === "https:" ? requestHttps : requestHttp;
    const request = start(target, options, (message) => {
      answer = message;
      resolve(message);
    });
    request.on("error", reject);
    // As an option the signal would also end a connection that is back in the pool, with nobody to hear of it.
    const abort = (): void => void (answer ?? request).destroy(signal.reason as Error);
    signal.addEventListener("abort", abort);
    request.on("close", () => signal.removeEventListener("abort", abort));
    request.on("timeout", () => request.destroy(new DOMException("no answer", "TimeoutError")));
    // Gives the request a length; a control plane need not read chunks.
    if (body !== "") request.setHeader("content-length", Buffer.byteLength(body));
    request.end(body);
  });
}

function toResponse(message: IncomingMessage, content: Buffer): Response {
  const status = message.statusCode ?? 500;
  const bodiless = status === 204 || status === 304;
  return new Response(bodiless ? null : new Uint8Array(content), { status, headers: headersOf(message) });
}

/** A body that is read while it comes; what breaks it is thrown to its reader, in the words of `reach`. */
function toStream(message: IncomingMessage, target: URL): Response {
  message.setTimeout(STREAM_SILENCE_MS, () => message.destroy(new DOMException("silence", "TimeoutError")));
  // One that comes when nobody reads any more has nobody to tell.
  message.on("error", () => {});
  const chunks: AsyncIterator<Uint8Array> = message[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(connectionError(error, target));
      }
    },
    cancel: () => void message.destroy(),
  });
  return new Response(body, { status: 200, headers: headersOf(message) });
}

function headersOf(message: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(message.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return headers;
}

function connectionError(error: unknown, target: URL): unknown {
  if (!(error instanceof Error)) return error;
  const origin = target.origin;
  if (error.name === "TimeoutError") {
    return new PlatformError("timeout", `${origin} did not answer within ${CALL_TIMEOUT_MS / 1000} seconds.`);
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (code === "ECONNREFUSED") {
    return new PlatformError("unavailable", `Nothing listens at ${origin}: is \`npm start\` running there?`, {
      hint: "Set ISOLA_URL, or `isola login --url`, when the control plane is somewhere else.",
    });
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return new PlatformError("unavailable", `The name ${target.hostname} was not found. Check the URL.`);
  }
  if (code !== "") return new PlatformError("unavailable", `${origin} could not be reached (${code}). Try again.`);
  return error;
}
