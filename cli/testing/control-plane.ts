import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { onTestFinished } from "vitest";
import type { z } from "zod";

import type { Endpoint } from "../../contracts/api/endpoint.ts";
import { API_PREFIX, ENDPOINTS, type EndpointId, type Endpoints } from "../../contracts/api/index.ts";
import { encodeEvent, EVENT_STREAM_TYPE } from "../../contracts/event-stream.ts";
import { ERROR_STATUS, errorBody, invalidFrom, platformErrorOf, PlatformError } from "../../contracts/errors.ts";

/** A request as the server saw it. */
export interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: unknown;
}

type Call<Id extends EndpointId> = {
  params: z.output<Endpoints[Id]["params"]>;
  query: z.output<Endpoints[Id]["query"]>;
  body: z.output<Endpoints[Id]["body"]>;
};
type Answered<E extends Endpoint> = E["answer"] extends "events" ? z.input<E["response"]>[] : z.input<E["response"]>;
/**
 * Answers by endpoint id: what the contract says the endpoint returns (all events, where it answers with
 * events), or a thrown PlatformError.
 */
export type Answers = { [Id in EndpointId]?: (call: Call<Id>) => Answered<Endpoints[Id]> };

export const TOKEN = "isola_test_0123456789abcdef";
export const PASSWORD = "correct-horse-battery";
/** Signs in to an account with a second factor, whose code is {@link CODE}. */
export const PASSWORD_OF_TWO = "correct-horse-and-a-code";
export const CODE = "492039";
const COOKIE = "isola.session=s3ssion";

/**
 * A control plane over real HTTP that keeps to the contracts: it takes only requests that fit their
 * schemas, and the answers a test gives must fit too.
 */
export async function startControlPlane(answers: Answers = {}) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const json: unknown = body === "" ? undefined : JSON.parse(body);
      const { pathname } = new URL(request.url ?? "/", "http://x");
      seen.push({ method: request.method ?? "", path: request.url ?? "", headers: request.headers, body: json });
      const reply = pathname.startsWith("/api/auth/")
        ? signIn(pathname, json, request.headers.cookie)
        : answer(answers, request, json);
      response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
      response.end(reply.text ?? (reply.body === undefined ? undefined : JSON.stringify(reply.body)));
    })();
  });
  const port = await listen(server);
  onTestFinished(() => void server.close());
  /** The requests to one endpoint, such as `GET /api/v1/me`. */
  const callsTo = (line: string): Seen[] =>
    seen.filter((request) => `${request.method} ${request.path.split("?")[0]}` === line);
  return { url: `http://app.localhost:${port}`, port, seen, callsTo, answers };
}

interface Reply {
  status: number;
  body?: unknown;
  /** Sent as it is, instead of a body in JSON. */
  text?: string;
  headers?: Record<string, string | string[]>;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function signIn(path: string, body: unknown, cookie: string | undefined): Reply {
  if (path === "/api/auth/sign-out") return { status: 200, body: { success: true } };
  const { password, code } = body as { password?: string; code?: string };
  const signedIn = { "set-cookie": [`${COOKIE}; Path=/; HttpOnly`, "theme=dark; Path=/"] };
  if (path === "/api/auth/two-factor/verify") {
    const right = code === CODE && cookie === "halfway=1";
    return right ? { status: 200, headers: signedIn, body: {} } : { status: 401, body: {} };
  }
  if (password === PASSWORD_OF_TWO) {
    return { status: 200, headers: { "set-cookie": ["halfway=1; Path=/; HttpOnly"] }, body: { twoFactor: true } };
  }
  if (password === "slow-down") {
    return { status: 429, headers: { "x-retry-after": "7" }, body: { message: "Too many requests." } };
  }
  if (password !== PASSWORD) {
    return { status: 401, body: { code: "INVALID_EMAIL_OR_PASSWORD", message: "Invalid email or password" } };
  }
  return { status: 200, headers: signedIn, body: {} };
}

function answer(answers: Answers, request: IncomingMessage, body: unknown): Reply {
  const requestId = "req_0123456789abcdefghjk";
  try {
    authorise(request);
    return call(answers, request, body);
  } catch (thrown) {
    const error = platformErrorOf(thrown);
    if (error === null) throw thrown;
    return { status: ERROR_STATUS[error.code], body: errorBody(error, requestId) };
  }
}

function authorise({ headers, method }: IncomingMessage): void {
  if (headers.authorization === `Bearer ${TOKEN}`) return;
  const fromSite = method === "GET" || headers.origin === `http://${headers.host ?? ""}`;
  if (headers.cookie === `${COOKIE}; theme=dark` && fromSite) return;
  throw new PlatformError("unauthenticated", "Send an API key as `Authorization: Bearer …`, or sign in.");
}

function call(answers: Answers, request: IncomingMessage, body: unknown): Reply {
  const url = new URL(request.url ?? "/", "http://x");
  const path = url.pathname.slice(API_PREFIX.length);
  for (const [id, endpoint] of Object.entries(ENDPOINTS)) {
    const pattern = new RegExp(`^${endpoint.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
    const match = pattern.exec(path);
    if (match === null || endpoint.method !== request.method) continue;
    const raw = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    const params = parse(endpoint.params, Object.fromEntries(raw), "path");
    const query = parse(endpoint.query, Object.fromEntries(url.searchParams), "query");
    const input = { params, query, body: parse(endpoint.body, body, "body") };
    const handler = answers[id as EndpointId] as ((input: unknown) => unknown) | undefined;
    if (handler === undefined) throw new PlatformError("unavailable", `The test gave no answer for ${id}.`);
    const result = handler(input);
    if (endpoint.answer === "text") return { status: 200, text: String(result) };
    if (endpoint.answer === "events") return eventsReply(endpoint, result as unknown[]);
    endpoint.response.parse(result);
    return { status: endpoint.status, body: result };
  }
  throw new PlatformError("not_found", `There is no endpoint ${request.method} ${path}.`);
}

function eventsReply(endpoint: Endpoint, events: unknown[]): Reply {
  const parsed = events.map((event) => endpoint.response.parse(event) as { type: string });
  const text = parsed.map((event) => encodeEvent(event.type, event)).join("");
  return { status: 200, text, headers: { "content-type": EVENT_STREAM_TYPE } };
}

function parse(schema: z.ZodType, value: unknown, what: string): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidFrom(parsed.error, what);
}
