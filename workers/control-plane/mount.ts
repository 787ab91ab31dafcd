import type { Context } from "hono";
import type { z } from "zod";

import { type Endpoint, needsBody, takesBody } from "../../contracts/api/endpoint.ts";
import { EVENT_STREAM_TYPE } from "../../contracts/event-stream.ts";
import { invalidFrom, platformErrorOf } from "../../contracts/errors.ts";
import { slugProblem } from "../../contracts/slug.ts";
import { judgeAccess, type OrgAccess, requireOnPlatform } from "./access.ts";
import { getStanding, type Principal, type Standing } from "./auth/principal.ts";
import { requireSameOrigin } from "./auth/same-origin.ts";
import type { ControlPlaneEnv } from "./env.ts";
import { once } from "./idempotency.ts";
import { apiRates, callsPerMinute } from "./rate/api-rates.ts";
import { admit } from "./rate/headers.ts";
import { readJson } from "./read-json.ts";
import type { Scope } from "./scope.ts";

export type AppTypes = { Bindings: ControlPlaneEnv; Variables: { scope: Scope } };

/** What a handler is given: parsed input and checked rights. */
export interface Call<E extends Endpoint> {
  params: z.output<E["params"]>;
  query: z.output<E["query"]>;
  body: z.output<E["body"]>;
  principal: Principal;
  /** The org of the path; there is one exactly where the endpoint has a `{slug}`. */
  access: z.output<E["params"]> extends { slug: string } ? OrgAccess : null;
  scope: Scope;
}

/** What a handler of an open endpoint is given. */
export interface OpenCall<E extends Endpoint> extends Pick<Call<E>, "params" | "query" | "body" | "scope"> {
  request: Request;
  /** The body as it was sent, for signatures. */
  text: string;
}

export interface MountOptions {
  /** The answer holds something that is shown once, so it is never kept. */
  secretAnswer?: boolean;
}

/** A file that is sent as it is made. */
export interface TextFile {
  /** Content type, without the character set, which is UTF-8. */
  type: string;
  /** Name to save it under: letters, digits, dots and hyphens. */
  name: string;
  body: ReadableStream<Uint8Array>;
}

export interface Mounted {
  endpoint: Endpoint;
  handle: (context: Context<AppTypes>) => Promise<Response>;
}

type Answer<E extends Endpoint> = Promise<z.input<E["response"]>>;

/** Endpoints and their handlers, to be mounted by the app. */
export class Mounts {
  readonly all: Mounted[] = [];

  /** Mounts an endpoint for those who have its capability. */
  add<E extends Endpoint>(endpoint: E, handler: (call: Call<E>) => Answer<E>, options: MountOptions = {}): this {
    const handle = async (context: Context<AppTypes>): Promise<Response> => {
      const { scope } = context.var;
      const request = context.req.raw;
      const { principal, access } = await authorise(context, endpoint);
      for (const cookie of principal.setCookies) context.header("set-cookie", cookie, { append: true });
      const { params, query } = parseAddress(endpoint, context);
      const { text, body } = await readBody(endpoint, request);
      const answer = async (): Promise<string | null> =>
        encode(endpoint, await handler({ params, query, body, principal, access, scope } as Call<E>));
      const sent = await once(
        scope,
        { principal, request, bodyText: text, status: endpoint.status, ...options },
        answer,
      );
      return respond(context, sent.status, sent.body);
    };
    this.all.push({ endpoint, handle });
    return this;
  }

  /** Mounts an endpoint that answers with server-sent events, for those who have its capability. */
  addEvents<E extends Endpoint>(endpoint: E, handler: (call: Call<E>) => Promise<ReadableStream<Uint8Array>>): this {
    const handle = async (context: Context<AppTypes>): Promise<Response> => {
      const { scope } = context.var;
      const { principal, access } = await authorise(context, endpoint);
      for (const cookie of principal.setCookies) context.header("set-cookie", cookie, { append: true });
      const { params, query } = parseAddress(endpoint, context);
      const events = await handler({ params, query, body: undefined, principal, access, scope } as Call<E>);
      return context.body(events, 200, { "content-type": EVENT_STREAM_TYPE });
    };
    this.all.push({ endpoint, handle });
    return this;
  }

  /** Mounts an endpoint that answers with a file, for those who have its capability. */
  addText<E extends Endpoint>(endpoint: E, handler: (call: Call<E>) => Promise<TextFile>): this {
    const handle = async (context: Context<AppTypes>): Promise<Response> => {
      const { scope } = context.var;
      const { principal, access } = await authorise(context, endpoint);
      for (const cookie of principal.setCookies) context.header("set-cookie", cookie, { append: true });
      const { params, query } = parseAddress(endpoint, context);
      const file = await handler({ params, query, body: undefined, principal, access, scope } as Call<E>);
      return context.body(file.body, 200, {
        "content-type": `${file.type}; charset=utf-8`,
        "content-disposition": `attachment; filename="${file.name}"`,
      });
    };
    this.all.push({ endpoint, handle });
    return this;
  }

  /** Mounts an endpoint that answers anybody. */
  addOpen<E extends Endpoint>(endpoint: E, handler: (call: OpenCall<E>) => Answer<E>): this {
    const handle = async (context: Context<AppTypes>): Promise<Response> => {
      admit(context, apiRates.countOpen(context.var.scope.address, Date.now()));
      return answerOpenly(context, endpoint, handler);
    };
    this.all.push({ endpoint, handle });
    return this;
  }

  /**
   * Mounts an endpoint for callers that prove themselves by a signature, which the handler checks: only those whom it
   * refuses as `unauthenticated` count for their address.
   */
  addSigned<E extends Endpoint>(endpoint: E, handler: (call: OpenCall<E>) => Answer<E>): this {
    const handle = async (context: Context<AppTypes>): Promise<Response> => {
      try {
        return await answerOpenly(context, endpoint, handler);
      } catch (error) {
        if (platformErrorOf(error)?.code === "unauthenticated") {
          admit(context, apiRates.countRefused(context.var.scope.address, Date.now()));
        }
        throw error;
      }
    };
    this.all.push({ endpoint, handle });
    return this;
  }
}

async function answerOpenly<E extends Endpoint>(
  context: Context<AppTypes>,
  endpoint: E,
  handler: (call: OpenCall<E>) => Answer<E>,
): Promise<Response> {
  const { params, query } = parseAddress(endpoint, context);
  const request = context.req.raw;
  const { text, body } = await readBody(endpoint, request);
  const result = await handler({ params, query, body, text, scope: context.var.scope, request } as OpenCall<E>);
  return respond(context, endpoint.status, encode(endpoint, result));
}

async function authorise(
  context: Context<AppTypes>,
  { id, capability }: Endpoint,
): Promise<{ principal: Principal; access: OrgAccess | null }> {
  if (capability === null) throw new Error(`${id} is open to anybody; mount it as such`);
  const { scope } = context.var;
  const request = context.req.raw;
  const slug = context.req.param("slug");
  const standing = await countedStanding(context, slug === undefined || slugProblem(slug) !== null ? null : slug);
  const { principal } = standing;
  if (principal.key === null) requireSameOrigin(request, scope.env.PUBLIC_URL);
  if (slug !== undefined) return { principal, access: await judgeAccess(scope, standing, capability, slug) };
  requireOnPlatform(principal, capability);
  return { principal, access: null };
}

/** Who asks, within its rate. Good credentials are never refused for the bad ones that others send. */
async function countedStanding(context: Context<AppTypes>, slug: string | null): Promise<Standing> {
  const { scope } = context.var;
  let standing: Standing;
  try {
    standing = await getStanding(scope, context.req.raw.headers, slug);
  } catch (error) {
    if (platformErrorOf(error)?.code === "unauthenticated") {
      admit(context, apiRates.countRefused(scope.address, Date.now()));
    }
    throw error;
  }
  admit(context, apiRates.countCall(standing, Date.now(), callsPerMinute(scope.env)));
  return standing;
}

function parseAddress(endpoint: Endpoint, context: Context<AppTypes>): { params: unknown; query: unknown } {
  return {
    params: parse(endpoint.params, context.req.param(), "path"),
    query: parse(endpoint.query, context.req.query(), "query"),
  };
}

async function readBody(endpoint: Endpoint, request: Request): Promise<{ text: string; body: unknown }> {
  if (!takesBody(endpoint)) return { text: "", body: undefined };
  if (!needsBody(endpoint) && isEmpty(request)) return { text: "", body: undefined };
  const { text, value } = await readJson(request);
  return { text, body: parse(endpoint.body, value, "body") };
}

const isEmpty = (request: Request): boolean => request.body === null || request.headers.get("content-length") === "0";

function parse(schema: z.ZodType, value: unknown, what: string): unknown {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalidFrom(parsed.error, what);
  return parsed.data;
}

/** The schema has the last word on what leaves: it drops what it does not know. */
function encode(endpoint: Endpoint, result: unknown): string | null {
  if (endpoint.status === 204) return null;
  const parsed = endpoint.response.safeParse(result);
  if (parsed.success) return JSON.stringify(parsed.data);
  throw new Error(`${endpoint.id} answered something else than it says`, { cause: parsed.error });
}

function respond(context: Context<AppTypes>, status: number, body: string | null): Response {
  if (body === null) return context.body(null, 204);
  return context.body(body, status as 200, { "content-type": "application/json; charset=utf-8" });
}
