import {
  PROVIDER_ANSWER_BYTES_MAX,
  PROVIDER_CALL_MS,
  PROVIDER_MOMENT_MS,
  PROVIDER_WORDS_LENGTH_MAX,
} from "../../../../contracts/limits.ts";
import { retryAfterMs } from "../../mail/http.ts";
import { ProviderError, type ProviderErrorCode } from "../provider-error.ts";

export type ProviderFetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ProviderApiOptions {
  /** What the provider is called in messages, such as `Fly.io`. */
  title: string;
  /** Such as `https://api.machines.dev/v1`, without a trailing slash. */
  baseUrl: string;
  fetch: ProviderFetch;
  /** Goes with every call; what is in `authorization` is kept out of every message. */
  headers?: Readonly<Record<string, string>>;
  timeoutMs?: number;
  bytesMax?: number;
  /** How often a call that came too soon is made again by itself, where the provider asks for no longer than a moment. */
  patience?: number;
  /** What a refusal means at this provider; null leaves it to the status alone. */
  explain?: (answer: ProviderAnswer, call: ProviderCall) => ProviderErrorCode | null;
}

export interface ProviderCall {
  /** Completes "asked to …" in messages, such as `make a volume`. */
  to: string;
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Begins with `/`; what comes from outside is encoded by the caller. */
  path: string;
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  json?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** Statuses besides those of success that are answers too, such as 404 to a deletion. */
  accepts?: readonly number[];
  /** Of this call, where it takes longer than others, such as one that waits. */
  timeoutMs?: number;
  /** Of an answer that may be long, only so many bytes are kept, the last ones. */
  tailBytes?: number;
}

export interface ProviderAnswer {
  status: number;
  headers: Headers;
  bytes: Uint8Array;
  text(): string;
  /** The body as JSON; null where there is none. Throws a `ProviderError` where it is something else. */
  json(): unknown;
}

/** The HTTP API of one provider: calls that are bounded in time and size, and whose failures are `ProviderError`s. */
export interface ProviderApi {
  call(call: ProviderCall): Promise<ProviderAnswer>;
}

/** What a status means where the provider has no words of its own for it. */
const MEANINGS: Readonly<Record<number, ProviderErrorCode>> = {
  401: "unauthorized",
  402: "quota",
  403: "quota",
  404: "not_found",
  408: "unreachable",
  409: "name_taken",
  429: "rate_limited",
};

/** Makes the API of a provider. Redirects are not followed, so that a token goes nowhere else. */
export function providerApi(options: ProviderApiOptions): ProviderApi {
  const { patience = 0 } = options;
  return {
    call: async (call) => {
      for (let again = 0; ; again += 1) {
        try {
          return await judged(options, call);
        } catch (error) {
          const wait = error instanceof ProviderError && error.code === "rate_limited" ? error.retryAfterMs : null;
          if (wait === null || wait > PROVIDER_MOMENT_MS || again >= patience) throw error;
          await new Promise((resolve) => setTimeout(resolve, wait));
        }
      }
    },
  };
}

async function judged(options: ProviderApiOptions, call: ProviderCall): Promise<ProviderAnswer> {
  const { title, baseUrl, headers = {}, explain } = options;
  const answer = await ask(options, call);
  if ((answer.status >= 200 && answer.status < 300) || call.accepts?.includes(answer.status)) return answer;
  const code = explain?.(answer, call) ?? meaningOf(answer.status);
  const words = wordsOf(answer, [baseUrl, ...Object.values(headers)]);
  const message = `${title} answered ${answer.status} when it was asked to ${call.to}${words === "" ? "." : `: ${words}`}`;
  const wait = retryAfterMs(answer.headers.get("retry-after"));
  throw new ProviderError(code, message, wait === null ? {} : { retryAfterMs: wait });
}

const meaningOf = (status: number): ProviderErrorCode =>
  MEANINGS[status] ?? (status >= 500 ? "unavailable" : "refused");

async function ask(options: ProviderApiOptions, call: ProviderCall): Promise<ProviderAnswer> {
  const { title, baseUrl, fetch: send, bytesMax = PROVIDER_ANSWER_BYTES_MAX } = options;
  const timeoutMs = call.timeoutMs ?? options.timeoutMs ?? PROVIDER_CALL_MS;
  const headers = new Headers({ accept: "application/json", ...options.headers, ...call.headers });
  if (call.json !== undefined) headers.set("content-type", "application/json");
  const abort = new AbortController();
  const silent = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    silent.reject(
      new ProviderError(
        "unreachable",
        `${title} did not answer within ${timeoutMs} ms when it was asked to ${call.to}.`,
      ),
    );
    abort.abort();
  }, timeoutMs);
  const answering = async (): Promise<ProviderAnswer> => {
    const response = await send(`${baseUrl}${call.path}${queryOf(call.query)}`, {
      method: call.method ?? "GET",
      headers,
      redirect: "manual",
      signal: abort.signal,
      ...(call.json === undefined ? {} : { body: JSON.stringify(call.json) }),
    });
    const bytes = await readBounded(response, call.tailBytes ?? bytesMax, call.tailBytes !== undefined);
    if (bytes === null) throw new ProviderError("unavailable", `${title} answered more than can be read.`);
    return answerOf(response, bytes, `${title} answered no JSON when it was asked to ${call.to}.`);
  };
  try {
    return await Promise.race([answering(), silent.promise]);
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    const message = `${title} could not be reached when it was asked to ${call.to}.`;
    throw new ProviderError("unreachable", message, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function answerOf({ status, headers }: Response, bytes: Uint8Array, noJson: string): ProviderAnswer {
  const text = (): string => new TextDecoder().decode(bytes);
  return {
    status,
    headers,
    bytes,
    text,
    json: () => {
      if (bytes.byteLength === 0) return null;
      try {
        return JSON.parse(text()) as unknown;
      } catch {
        // What was asked may have been done all the same.
        throw new ProviderError("unreachable", noJson);
      }
    },
  };
}

function queryOf(query: ProviderCall["query"]): string {
  const entries = Object.entries(query ?? {}).flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[key, String(value)]],
  );
  return entries.length === 0 ? "" : `?${new URLSearchParams(entries).toString()}`;
}

/** A body of at most so many bytes; of a longer one its end, or null. */
async function readBounded(response: Response, bytesMax: number, isTail: boolean): Promise<Uint8Array | null> {
  if (response.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = (await reader.read()) as { done: boolean; value?: Uint8Array };
    if (done || value === undefined) break;
    chunks.push(value);
    length += value.byteLength;
    if (isTail) {
      while (length - (chunks[0]?.byteLength ?? 0) >= bytesMax) length -= chunks.shift()?.byteLength ?? 0;
    } else if (length > bytesMax) {
      await reader.cancel().catch(() => {});
      return null;
    }
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/** What a provider said of its refusal, in one line that shows no secret and no address. */
function wordsOf(answer: ProviderAnswer, hidden: readonly string[]): string {
  let words = messageIn(answer);
  for (const secret of hidden.flatMap((value) => value.split(" ").filter((part) => part.length >= 8))) {
    words = words.replaceAll(secret, "…");
  }
  return words
    .replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, "…")
    .replaceAll(/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, "…")
    .replaceAll(/[\p{C}\s]+/gu, " ")
    .trim()
    .slice(0, PROVIDER_WORDS_LENGTH_MAX);
}

/** Providers put it under `error`, `message` or both, as a text or as an object with a `message`. */
function messageIn(answer: ProviderAnswer): string {
  let body: unknown;
  try {
    body = JSON.parse(answer.text());
  } catch {
    return "";
  }
  if (typeof body !== "object" || body === null) return "";
  const { error, message } = body as { error?: unknown; message?: unknown };
  if (typeof error === "string" && error !== "") return error;
  if (typeof message === "string") return message;
  const inner = (error as { message?: unknown } | null | undefined)?.message;
  return typeof inner === "string" ? inner : "";
}
