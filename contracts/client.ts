import type { z } from "zod";

import type { Endpoint } from "./api/endpoint.ts";
import { API_PREFIX, ENDPOINTS, type EndpointId, type Endpoints } from "./api/index.ts";
import { EVENT_STREAM_TYPE, readEvents } from "./event-stream.ts";
import { errorBodySchema, PlatformError } from "./errors.ts";

type Input<E extends Endpoint> = (z.input<E["params"]> extends Record<string, never>
  ? unknown
  : { params: z.input<E["params"]> }) &
  (z.input<E["body"]> extends undefined ? unknown : { body: z.input<E["body"]> }) & {
    query?: z.input<E["query"]>;
    /** Makes a repeated call have the effect of one. */
    idempotencyKey?: string;
    signal?: AbortSignal;
  };

type Output<E extends Endpoint> = E["answer"] extends "events"
  ? AsyncIterable<z.output<E["response"]>>
  : E["answer"] extends "text"
    ? ReadableStream<Uint8Array>
    : z.output<E["response"]>;

const ACCEPTED: Record<Endpoint["answer"], string> = {
  json: "application/json",
  events: EVENT_STREAM_TYPE,
  text: "*/*",
};

/**
 * Calls of the control plane by endpoint id; each throws {@link ApiError} when it is refused. One that
 * answers with events gives them one by one until the stream ends or the loop over them is left; one that answers with a
 * file gives its bytes as they come.
 */
export type Client = {
  [Id in EndpointId]: (input: Input<Endpoints[Id]>) => Promise<Output<Endpoints[Id]>>;
};

/** A refusal by the control plane: the platform's code with the request id to quote. */
export class ApiError extends PlatformError {
  readonly status: number;
  readonly requestId: string;

  constructor(
    status: number,
    error: { code: PlatformError["code"]; message: string; details: PlatformError["details"]; requestId: string },
  ) {
    super(error.code, error.message, error.details);
    this.name = "ApiError";
    this.status = status;
    this.requestId = error.requestId;
  }
}

export interface ClientOptions {
  /** Base URL of the control plane, such as `http://app.localhost:8787`. */
  url: string;
  /** API key; without it the call relies on the cookie. */
  token?: string | undefined;
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** A typed client of the control plane. It parses what comes back, so that a reader can trust it. */
export function createClient(options: ClientOptions): Client {
  const send = options.fetch ?? ((url, init) => fetch(url, init));
  const base = options.url.replace(/\/+$/, "") + API_PREFIX;

  const call = async (endpoint: Endpoint, input: AnyInput): Promise<unknown> => {
    const headers = new Headers({ accept: ACCEPTED[endpoint.answer] });
    if (options.token !== undefined) headers.set("authorization", `Bearer ${options.token}`);
    if (input.idempotencyKey !== undefined) headers.set("idempotency-key", input.idempotencyKey);
    const init: RequestInit = { method: endpoint.method, headers };
    if (input.signal !== undefined) init.signal = input.signal;
    if (input.body !== undefined) {
      headers.set("content-type", "application/json");
      init.body = JSON.stringify(input.body);
    }
    const response = await send(base + pathOf(endpoint, input), init);
    if (!response.ok) throw await errorOf(response);
    if (response.status === 204) return undefined;
    if (endpoint.answer === "events") return eventsOf(endpoint, response);
    if (endpoint.answer === "text") return response.body ?? new Blob([]).stream();
    return endpoint.response.parse(await response.json());
  };

  return Object.fromEntries(
    Object.entries(ENDPOINTS).map(([id, endpoint]) => [id, (input: AnyInput) => call(endpoint, input)]),
  ) as unknown as Client;
}

interface AnyInput {
  params?: Record<string, string>;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  idempotencyKey?: string;
  signal?: AbortSignal;
}

function pathOf(endpoint: Endpoint, input: AnyInput): string {
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) => segmentOf(name, input.params?.[name] ?? ""));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) query.set(name, `${value}`);
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** Every URL parser takes `.` and `..` for steps in the path, however they are encoded, and skips what is empty. */
function segmentOf(name: string, text: string): string {
  if (text !== "" && text !== "." && text !== "..") return encodeURIComponent(text);
  const reason = "cannot stand in a path";
  throw new PlatformError("invalid", `No URL can carry ${JSON.stringify(text)} as the ${name}.`, {
    issues: [{ field: name, reason }],
  });
}

async function* eventsOf(endpoint: Endpoint, { body }: Response): AsyncGenerator<unknown, void> {
  if (body === null) return;
  for await (const data of readEvents(body)) {
    const parsed = endpoint.response.safeParse(JSON.parse(data));
    // A newer control plane may tell things that this reader does not know.
    if (parsed.success) yield parsed.data;
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Not ours: a proxy in between, or nothing at all.
  }
  const parsed = errorBodySchema.safeParse(body);
  if (parsed.success) return new ApiError(response.status, parsed.data.error);
  return new ApiError(response.status, {
    code: "unavailable",
    message: `The answer (HTTP ${response.status}) did not come from an Isola control plane. Check the URL.`,
    details: {},
    requestId: response.headers.get("x-request-id") ?? "",
  });
}
